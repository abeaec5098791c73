// Package server is popgate's gateway: popgate.v1.Pop3Service over package pop3. It holds sessions and policy, and turns errors
// into statuses; it has no POP3 and no socket code of its own.
//
// Who may call, and what, is decided in one place for every call (identity.go), by TLS and by a file of callers (callers_file.go). Each
// method but those of health needs a rule.
//
// New assembles a Server from a Config, Serve runs it on a listener, Reload replaces certificates and callers, and Shutdown drains it:
// no end but the caller's Quit ever sends QUIT.
package server
