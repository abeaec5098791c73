package server

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"+OK hello":              "+OK hello",
		"caf\u00e9 \u4e2d\u6587": "caf\u00e9 \u4e2d\u6587",
		`a\b`:                    `a\\b`,
		`\x41`:                   `\\x41`,
		"\x1b[2J":                `\x1b[2J`,
		"\x9b2J":                 `\x9b2J`,
		"\u009b2J":               `\xc2\x9b2J`, // CSI as one character
		"a\tb\r\x00\x7f":         `a\x09b\x0d\x00\x7f`,
		"\xff\xfe":               `\xff\xfe`,
		"\xc3":                   `\xc3`,
		"\xed\xa0\x80":           `\xed\xa0\x80`,                // a surrogate
		"\xf0\x82\x82\xac":       `\xf0\x82\x82\xac`,            // an overlong form
		"\ufffd":                 "\ufffd",                      // the character itself came
		"\u202eabc\u2066":        `\xe2\x80\xaeabc\xe2\x81\xa6`, // turn the direction of writing
		"\u200b\ufeff\u00a0":     `\xe2\x80\x8b\xef\xbb\xbf\xc2\xa0`,
		"\u2028":                 `\xe2\x80\xa8`,
		"\U0001f600":             "\U0001f600",
		"\U000e0041":             `\xf3\xa0\x81\x81`, // a tag, which nobody sees
	} {
		if got := escape(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestEscapeShort(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{strings.Repeat("a", 512), strings.Repeat("a", 512)},
		{strings.Repeat("a", 513), strings.Repeat("a", 512)},
		{strings.Repeat("a", 511) + "\u00e9", strings.Repeat("a", 511)},
		{strings.Repeat("a", 510) + "\u00e9", strings.Repeat("a", 510) + "\u00e9"},
		{strings.Repeat("a", 509) + "\x01", strings.Repeat("a", 509)},
		{strings.Repeat("a", 508) + "\x01b", strings.Repeat("a", 508) + `\x01`},
		{strings.Repeat("a", 511) + `\`, strings.Repeat("a", 511)},
		{strings.Repeat("a", 510) + `\b`, strings.Repeat("a", 510) + `\\`},
		{strings.Repeat("\xff", 2000), strings.Repeat(`\xff`, 128)},
	} {
		if got := escapeShort(tt.in); got != tt.want {
			t.Errorf("%.20q… of %d: got %d octets, %q", tt.in, len(tt.in), len(got), got[len(got)-10:])
		}
	}
}

// readEscaped is what a reader of the contract would write to get the octets back.
func readEscaped(s string) (string, bool) {
	var out strings.Builder
	for len(s) > 0 {
		switch {
		case s[0] != '\\':
			out.WriteByte(s[0])
			s = s[1:]
		case strings.HasPrefix(s, `\\`):
			out.WriteByte('\\')
			s = s[2:]
		case len(s) >= 4 && s[1] == 'x':
			n, err := strconv.ParseUint(s[2:4], 16, 8)
			if err != nil {
				return "", false
			}
			out.WriteByte(byte(n))
			s = s[4:]
		default:
			return "", false
		}
	}
	return out.String(), true
}

// FuzzEscape: nothing is lost, nothing harmful is left, and what is cut is a beginning.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "+OK", `\`, "\x1b[31m", "\xe2\x80\xae", "\xff", strings.Repeat("\u00e9", 300), "\ufffd\xef\xbf"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		escaped := escape(s)
		if back, ok := readEscaped(escaped); !ok || back != s {
			t.Errorf("%q became %q", s, escaped)
		}
		if back := unescape(escaped); back != s {
			t.Errorf("%q came back as %q", s, back)
		}
		if !utf8.ValidString(escaped) || strings.ContainsFunc(escaped, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is not printable", escaped)
		}
		short := escapeShort(s)
		back, ok := readEscaped(short)
		if !ok || !strings.HasPrefix(s, back) || !strings.HasPrefix(escaped, short) || len(short) > maxErrorText {
			t.Errorf("%q was cut to %q", escaped, short)
		}
		if len(escaped) <= maxErrorText && short != escaped || len(escaped) > maxErrorText && len(short) < maxErrorText-15 {
			t.Errorf("%q was cut to %d octets", escaped, len(short))
		}
	})
}
