package pop3

import "bytes"

// maxTimestamp is the greatest length of an APOP time stamp in octets.
const maxTimestamp = 255

// timestamp returns the time stamp of a greeting with its angle brackets, or "". It has to be a message id as in RFC 822: printable
// ASCII with one "@" inside, which leaves no room for the octets that the attack of CVE-2007-1558 needs. lenient takes all from
// the first "<" to the last ">".
func timestamp(greeting []byte, lenient bool) string {
	begin := bytes.IndexByte(greeting, '<')
	if begin < 0 {
		return ""
	}
	rest := greeting[begin:]
	if lenient {
		return string(rest[:bytes.LastIndexByte(rest, '>')+1])
	}
	end := bytes.IndexByte(rest, '>')
	if end < 0 || end >= maxTimestamp {
		return ""
	}
	local, domain, ok := bytes.Cut(rest[1:end], []byte("@"))
	if !ok || !isWord(local) || !isWord(domain) {
		return ""
	}
	return string(rest[:end+1])
}

// isWord reports whether b is printable ASCII without spaces, "<" and "@".
func isWord(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c > '~' || c == '<' || c == '@' {
			return false
		}
	}
	return len(b) > 0
}
