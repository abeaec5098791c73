package io.github.popgate;

import io.github.popgate.v1.UniqueIdKind;

/**
 * A whole message, its octets and CRC-32 checked. Store it under {@code uniqueId} and {@code sha256} together: what is delivered
 * twice then is stored once.
 *
 * @param deliveryId counts the messages of the call from 1
 * @param number message number, good for one login only
 * @param uniqueId unique-id, escaped as all texts of servers
 * @param idKind what the unique-id is worth
 * @param data the message byte for byte, dot-unstuffed; it is not copied
 * @param sha256 SHA-256 of {@code data}, 32 octets; empty if it was left out
 */
public record Message(long deliveryId, int number, String uniqueId, UniqueIdKind idKind, byte[] data, byte[] sha256) {}
