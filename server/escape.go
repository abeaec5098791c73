package server

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxErrorText is how many octets of a server's text go into an error.
const maxErrorText = 512

// escape makes a valid and harmless string of octets that a server sent, and loses none: what is not printable UTF-8 becomes
// \xNN, and a backslash is doubled.
func escape(s string) string { return escapeUpTo(s, math.MaxInt) }

// escapeShort is escape for errors. It cuts between two characters.
func escapeShort(s string) string { return escapeUpTo(s, maxErrorText) }

func escapeUpTo(s string, limit int) string {
	if len(s) <= limit && isPlain(s) {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		character := s[:n]
		switch {
		case r == '\\':
			character = `\\`
		case r == utf8.RuneError && n == 1, !unicode.IsPrint(r):
			character = hexadecimal(character)
		}
		if out.Len()+len(character) > limit {
			break
		}
		out.WriteString(character)
		s = s[n:]
	}
	return out.String()
}

func hexadecimal(octets string) string {
	var out strings.Builder
	for _, octet := range []byte(octets) {
		fmt.Fprintf(&out, `\x%02x`, octet)
	}
	return out.String()
}

// isPlain reports whether s is printable ASCII without a backslash, as nearly all text of servers is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// unescape is the reverse of escape. What escape does not make stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		var octet [1]byte
		switch {
		case strings.HasPrefix(s, `\\`):
			out.WriteByte('\\')
			s = s[2:]
			continue
		case len(s) >= 4 && s[:2] == `\x`:
			if _, err := hex.Decode(octet[:], []byte(s[2:4])); err == nil {
				out.WriteByte(octet[0])
				s = s[4:]
				continue
			}
		}
		out.WriteByte(s[0])
		s = s[1:]
	}
	return out.String()
}

func unescapeAll(list []string) []string {
	raw := make([]string, len(list))
	for i, s := range list {
		raw[i] = unescape(s)
	}
	return raw
}
