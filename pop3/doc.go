// Package pop3 is a POP3 client: RFC 1939, with CAPA and response codes (RFC 2449, RFC 3206), STLS and implicit TLS (RFC 2595,
// RFC 8314), AUTH (RFC 5034), and UTF8 and LANG (RFC 6856). RPOP of RFC 1081 is there for completeness.
//
// A Client is one connection. Its methods are the commands of the protocol, each takes a context, and one runs at a time; only
// Close may be called from anywhere at any moment. Messages and listings are streamed: memory does not grow with their size,
// and a line of a message may be of any length.
//
// # Safety
//
// TLS is verified unless the configuration says otherwise, and no secret goes over plaintext unless
// Options.UnsafeAllowPlaintext is set. A message is whole only when its reader returns io.EOF: a connection that is cut is an
// error. DELE takes effect at QUIT, and QUIT is sent by Quit alone, whatever else happens to the connection; Close does not.
//
// # Errors
//
// A *RefusedError is the server's -ERR and a *MalformedError a reply that cannot be read: the connection lives on, and the next
// command may succeed. A *BrokenError says that the connection is dead, and every later call returns it again. An
// *ArgumentError, ErrTLSRequired, ErrWrongState and ErrNotOffered mean that nothing was sent. One that is ErrPipelining is worth
// another connection at once: see Pipeline.
//
// # Time and cancellation
//
// Each wait has the limit of Options.Timeouts. A call whose context ends returns at once if nothing was sent yet. Otherwise the
// reply is still read, up to 1 MiB and 2 seconds, so that the connection stays in step; where that is not enough the connection
// is closed, which removes nothing (RFC 1939 section 6). A QUIT that was written is always waited for.
//
// # Text from a server
//
// Status lines and lines of listings are returned as the octets that came, whatever they are; secrets of the running command
// that a server echoes are replaced by "***". Escape them before showing them on a terminal.
package pop3
