package terminal

import (
	"bytes"
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Grüße 📬", "Grüße 📬"},
		{`escaped already: \x1b and \\`, `escaped already: \x1b and \\`},
		{"\x1b[2J\a", `\x1b[2J\x07`},
		{"a\tb\r\n", `a\x09b\x0d\x0a`},
		{"\u202egnp.exe", `\xe2\x80\xaegnp.exe`},
		{"\u009b31m", `\xc2\x9b31m`},
		{"\xff", `\xff`},
		{"\ufffd is a character", "\ufffd is a character"},
	}
	for _, test := range tests {
		if got := Plain(test.text); got != test.want {
			t.Errorf("Plain(%q) is %q, want %q", test.text, got, test.want)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		text    string
		columns int
		want    string
	}{
		{"short", 8, "short   "},
		{"exactly8", 8, "exactly8"},
		{"nine char", 8, "nine ch…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日… "},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"", 2, "  "},
	}
	for _, test := range tests {
		if got := Fit(test.text, test.columns); got != test.want {
			t.Errorf("Fit(%q, %d) is %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

func TestWidthOfAPipe(t *testing.T) {
	if got := Width(new(bytes.Buffer)); got != 0 {
		t.Errorf("a buffer is %d wide", got)
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		"one two three":        "one two|three",
		"1234567 9":            "1234567|9",
		"123456 89":            "123456|89",
		"12345 78":             "12345 78",
		"a longerthanthat b c": "a|longerthanthat|b c",
		"日本 日本 日":              "日本|日本 日",
	} {
		if got := strings.Join(Wrap(text, 8), "|"); got != want {
			t.Errorf("Wrap(%q): %q, want %q", text, got, want)
		}
	}
}
