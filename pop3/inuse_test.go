package pop3

import "testing"

func TestInUse(t *testing.T) {
	for text, want := range map[string]bool{
		"-ERR maildrop already locked":                      true,
		"-ERR Unable to lock maildrop: in use by process 7": true,
		"-ERR Mailbox is BUSY":                              true,
		"-ERR your mail drop is in use":                     true,
		"-ERR error locking your mailbox":                   true,
		"-ERR .alice.pop lock busy!":                        true,
		"-ERR account locked":                               false,
		"-ERR your mailbox is blocked":                      false,
		"-ERR unlock your mailbox in the web":               false,
		"-ERR mailbox does not exist":                       false,
		"-ERR service busy":                                 false,
		"-ERR invalid password":                             false,
	} {
		for _, command := range []string{"PASS", "APOP", "RPOP", "AUTH"} {
			if got := (&RefusedError{Command: command, Response: text}).InUse(); got != want {
				t.Errorf("%s, %q: %v", command, text, got)
			}
		}
		if (&RefusedError{Command: "STAT", Response: text}).InUse() || (&RefusedError{Command: "PASS", Response: text, Code: "AUTH"}).InUse() {
			t.Errorf("%q means the same for STAT, or with a response code", text)
		}
	}
	if !(&RefusedError{Command: "STAT", Code: "IN-USE"}).InUse() {
		t.Error("[IN-USE] means nothing")
	}
}
