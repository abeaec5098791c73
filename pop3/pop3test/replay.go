package pop3test

// FatalTB is the part of [testing.TB] that Replay needs.
type FatalTB interface {
	TB
	Fatalf(format string, args ...any)
}

// Replay returns a server that has started and plays the transcript in a file to
// each client: what a server once said, as popgate watch saves it, becomes a test
// of the program that it is said to.
//
// What a client does otherwise than the transcript fails the test, and so does
// that no client gets to the end of it. TLS is as the transcript says; CertPool
// is for a client to trust. The server closes when the test is over, or with
// Close. For a transcript that is in no file see [ParseScript] and
// [NewScriptServer].
func Replay(tb FatalTB, file string) *ScriptServer {
	tb.Helper()
	script, err := ReadScript(file)
	if err != nil {
		tb.Fatalf("pop3test: %v", err)
	}
	var s *ScriptServer
	tb.Cleanup(func() { // after the server's Close
		if !s.told.Load() {
			tb.Errorf("pop3test: %s: no client got to its end", script.name)
		}
	})
	s = NewScriptServer(tb, script, Faults{})
	return s
}
