// Package mailbox does whole jobs on one mailbox: list it, fetch or collect what is new, delete by unique-id, or find out what is wrong
// with it. Each job logs in, works, and ends the connection; nothing is kept between jobs, and what is new is the caller's knowledge,
// which a cursor holds.
//
// What it promises: a message arrives at least once, and with its unique-id and its SHA-256 together as the key of what is stored
// exactly once. Nothing is deleted that was not named.
//
// Three rules hold everywhere:
//
//   - Message numbers are good for one login (RFC 1939 section 4). Between logins only unique-ids are compared.
//   - A unique-id that is blank, or that two messages of a listing have, says nothing: such a message never counts as seen, and is never
//     deleted by its unique-id.
//   - QUIT is sent only where a job says so, because some servers remove at QUIT what was merely retrieved (RFC 2449 section 6.7).
package mailbox
