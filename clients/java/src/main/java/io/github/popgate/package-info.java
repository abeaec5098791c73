/**
 * Reads POP3 mailboxes through popgate, a gRPC gateway.
 *
 * <p>{@link io.github.popgate.Client} is where to begin. The generated messages and stubs are in {@code io.github.popgate.v1}; what
 * each RPC sends, and which reasons it can fail for, is said there.
 */
package io.github.popgate;
