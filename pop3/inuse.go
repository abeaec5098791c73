package pop3

import "regexp"

// Words of texts that say that another session has the maildrop: one of each, or both of Qpopper's, which names a file instead.
var (
	boxWords   = regexp.MustCompile(`(?i)\b(maildrop|mailbox|mail drop)\b`)
	takenWords = regexp.MustCompile(`(?i)\b(lock(ed|ing)?|in use|busy)\b`)
	lockBusy   = regexp.MustCompile(`(?i)\block busy\b`)
)

// IsLogin reports whether a command was refused that logs in: PASS, APOP, RPOP or AUTH.
func (e *RefusedError) IsLogin() bool {
	switch e.Command {
	case "PASS", "APOP", "RPOP", "AUTH":
		return true
	}
	return false
}

// InUse reports whether another session has the maildrop: [IN-USE] (RFC 2449 section 8.1.2), or, where a login has no response code, a
// text that is known to mean it. A locked account is none, nor one that is blocked: that is no matter of waiting.
func (e *RefusedError) InUse() bool {
	return e.Code == "IN-USE" || e.Code == "" && e.IsLogin() &&
		(lockBusy.MatchString(e.Response) || boxWords.MatchString(e.Response) && takenWords.MatchString(e.Response))
}
