// Package drive is what the tests against real servers drive a gateway with: a
// running popgate serve, its sessions, each RPC over any transport, the
// client's side of SASL, and a connection to the POP3 server that no code of
// the gateway has a part in.
package drive

import "time"

// Patience is how long a call, or a command of a raw dialogue, may take. It is above the 10
// seconds for which Dovecot waits for a locked maildrop.
const Patience = time.Minute
