// Package pop3test provides POP3 servers for tests and demonstrations, in the
// manner of net/http/httptest.
//
// [Server] is honest: it keeps real maildrops and follows the RFCs.
//
//	drop := pop3test.NewMaildrop("secret", pop3test.NewMessage(mail))
//	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": drop})
//	defer srv.Close()
//	// connect to srv.Addr, trust srv.CertPool()
//
// It can be as odd as real servers are: [Maildrop.OnLogin] and [Maildrop.OnQuit]
// decide for each session what it sees and what its QUIT does, and two settings
// make a maildrop like Gmail's:
//
//	drop.OnLogin, drop.OnQuit = pop3test.ListOldest(250), pop3test.RemoveRetrieved
//
// [ScriptServer] plays a [Script], one recorded dialogue, and objects to every
// octet that the client sends differently. [Faults] cut, stall or slice what
// either of them sends.
//
// The servers are for tests: they record passwords, they have no time-outs,
// and a client can make them hold what it likes. They listen on loopback only.
//
// The honest server speaks:
//
//   - RFC 1939: the commands, the states, dot-stuffing, APOP
//   - RFC 1081: RPOP, where [Server.TrustRPOP] is set
//   - RFC 2449: CAPA, response codes, pipelining, LOGIN-DELAY
//   - RFC 2595: STLS
//   - RFC 3206: the response codes SYS and AUTH
//   - RFC 5034 and RFC 4616: AUTH, with PLAIN and what [Server.Mechanisms] adds,
//     such as [XOAUTH2]
//   - RFC 6856: UTF8 and LANG
//
// # Scripts
//
// A script is a text with one step a line. Blank lines and lines that begin
// with # are comments.
//
//	S: text    the server sends text and CRLF
//	S| text    the server sends text and nothing else
//	C: text    the client must send exactly text and CRLF
//	C~ text    the client must send a line that begins with text
//	TLS        the TLS handshake happens here
//	TLS FAILS  the client must break the TLS handshake off; nothing can follow
//	CLOSE      the server closes the connection; nothing can follow
//
// One space after the mark belongs to the mark; every further space, at the
// end of the line too, belongs to the text. "S:" alone is an empty line. In a
// text \r, \n, \t, \0, \\ and \xNN (two hexadecimal digits) stand for one
// octet each. Lines of the script end in LF or CRLF.
//
// What the server sends between two of the client's lines goes out in one
// write, so a script also says what shares a segment. After its last step the
// server waits for the client to close; a client that sends more is in error.
//
// popgate watch --save writes a session's dialogue as a script, and [Replay]
// plays it; docs/transcripts.md of this module says what it can tell.
package pop3test
