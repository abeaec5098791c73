package pop3

// State is a state of the connection (RFC 1939 section 3).
type State int

const (
	// Authorization is the state between the greeting and the login.
	Authorization State = iota
	// Transaction is the state after the login.
	Transaction
	// Update is the state after QUIT.
	Update
)

// Outcome says what became of the messages marked by DELE.
type Outcome int

const (
	// NotCommitted: QUIT was not sent, so nothing is removed.
	NotCommitted Outcome = iota
	// Committed: QUIT was answered by +OK, the marked messages are removed.
	Committed
	// NothingMarked: QUIT was answered by +OK, and no message was marked.
	NothingMarked
	// Partial: QUIT was answered by -ERR; some or none of the marked messages are removed (RFC 1939 section 6).
	Partial
	// Unknown: the reply to QUIT was lost; all, some or none of the marked messages are removed.
	Unknown
)

var outcomeNames = [...]string{"NOT_COMMITTED", "COMMITTED", "NOTHING_MARKED", "PARTIAL", "UNKNOWN"}

// String returns the outcome as popgate's contract names it, such as "NOT_COMMITTED".
func (o Outcome) String() string { return outcomeNames[o] }

// Cause says why a connection is dead.
type Cause int

const (
	// ConnectionLost: the server or the network ended the connection.
	ConnectionLost Cause = iota
	// Timeout: the server did not answer in time.
	Timeout
	// Protocol: what the server sent cannot be framed: no status indicator, a line over its limit, octets out of turn.
	Protocol
	// Cancelled: the context ended, and the rest of the reply could not be read away.
	Cancelled
	// Closed: Close was called.
	Closed
	// TLSVerification: the server's certificate was refused.
	TLSVerification
	// TLSHandshake: the TLS handshake failed otherwise.
	TLSHandshake
	// AfterQuit: QUIT was sent.
	AfterQuit
)

var causeTexts = [...]string{
	"connection lost", "no answer in time", "protocol error", "cancelled", "closed", "certificate refused",
	"TLS handshake failed", "QUIT was sent",
}

// String returns the cause in words.
func (c Cause) String() string { return causeTexts[c] }
