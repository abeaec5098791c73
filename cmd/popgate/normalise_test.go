package main

import (
	"encoding/base64"
	"net"
	"regexp"
	"strings"
	"testing"
)

// changing are the parts of a reply that differ from run to run, and what takes their place.
var changing = []struct {
	part *regexp.Regexp
	word string
}{
	{regexp.MustCompile(`("sessionId": ")[A-Za-z0-9._-]*"`), `${1}SESSION"`},
	{regexp.MustCompile(`[A-Za-z0-9._-]+\.[A-Za-z0-9_-]{43}\b`), `SESSION`},
	{regexp.MustCompile(`(<|\\u003c)[A-Z2-7]{26}@`), `${1}STAMP@`},
	{regexp.MustCompile(`("peerChainSha256": \[\s*)[^\]]*?(\s*\])`), `${1}"DIGEST"${2}`},
	{regexp.MustCompile(`("cipherSuite": ")[^"]*"`), `${1}SUITE"`},
	{regexp.MustCompile(`("time": ")[^"]*"`), `${1}TIME"`},
	{regexp.MustCompile(`\r`), ``},
}

// Where a message is cut into replies depends on the pauses of its server.
var (
	cut      = regexp.MustCompile(`,?\n}\n{\n(  "(?:data|octets)":)`)
	twoParts = regexp.MustCompile(`( +"data": ")([^"]*)",\n +"data": "([^"]*)"`)
)

// joined returns a text with the octets of each message in one reply.
func joined(text string) string {
	text = cut.ReplaceAllString(text, ",\n${1}")
	for {
		m := twoParts.FindStringSubmatch(text)
		if m == nil {
			return text
		}
		a, errA := base64.StdEncoding.DecodeString(m[2])
		b, errB := base64.StdEncoding.DecodeString(m[3])
		if errA != nil || errB != nil {
			return text // no base64, which will show
		}
		text = strings.Replace(text, m[0], m[1]+base64.StdEncoding.EncodeToString(append(a, b...))+`"`, 1)
	}
}

// normalise returns a text with the demo's default ports in place of its own, and without what differs from run to run.
func normalise(text, gateway, mailbox string) string {
	text = joined(text)
	for _, c := range changing {
		text = c.part.ReplaceAllString(text, c.word)
	}
	for address, port := range map[string]string{gateway: "9110", mailbox: "9111"} {
		if _, own, err := net.SplitHostPort(address); err == nil {
			text = regexp.MustCompile(`\b`+own+`\b`).ReplaceAllString(text, port)
		}
	}
	return text
}

func TestNormalise(t *testing.T) {
	id := "demo." + strings.Repeat("aB3-_", 8) + "xyz"
	tests := []struct{ text, want string }{
		{`  "sessionId": "` + id + `",`, `  "sessionId": "SESSION",`},
		{`sed -n 's/.*"sessionId": "\(.*\)".*/\1/p'`, `sed -n 's/.*"sessionId": "\(.*\)".*/\1/p'`},
		{"SESSION=" + id + "\n", "SESSION=SESSION\n"},
		{`ready \u003cABCDEFGHIJKLMNOPQRSTUVWX23@pop3.example.test\u003e`, `ready \u003cSTAMP@pop3.example.test\u003e`},
		{"ready <ABCDEFGHIJKLMNOPQRSTUVWX23@pop3.example.test>", "ready <STAMP@pop3.example.test>"},
		{"\"peerChainSha256\": [\n  \"qrs=\",\n  \"xyz=\"\n]", "\"peerChainSha256\": [\n  \"DIGEST\"\n]"},
		{`"time": "2026-11-02T09:00:00.5Z"`, `"time": "TIME"`},
		{"a line\r\n", "a line\n"},
		{"127.0.0.1:40001 and port 40002, not 140001", "127.0.0.1:9110 and port 9111, not 140001"},
		{`"sha256": "c49UgeWzIKkNlIh4l3YSHbRVEU2wPa0iidkhiwid/YY="`, `"sha256": "c49UgeWzIKkNlIh4l3YSHbRVEU2wPa0iidkhiwid/YY="`},
		{"{\n  \"data\": \"QQ==\"\n}\n{\n  \"octets\": \"1\"\n}", "{\n  \"data\": \"QQ==\",\n  \"octets\": \"1\"\n}"},
		{
			"{\n  \"data\": \"QQ==\"\n}\n{\n  \"data\": \"Qg==\"\n}\n{\n  \"data\": \"Qw==\",\n  \"octets\": \"3\"\n}",
			"{\n  \"data\": \"QUJD\",\n  \"octets\": \"3\"\n}",
		},
		{"{\n  \"response\": \"+OK\",\n}\n{\n  \"octets\": \"1\"\n}", "{\n  \"response\": \"+OK\",\n  \"octets\": \"1\"\n}"},
		{"{\n  \"response\": \"+OK\"\n}\n{}\n", "{\n  \"response\": \"+OK\"\n}\n{}\n"},
		{"<welcome.1@popgate.example.test>", "<welcome.1@popgate.example.test>"},
	}
	for _, test := range tests {
		if got := normalise(test.text, "127.0.0.1:40001", "127.0.0.1:40002"); got != test.want {
			t.Errorf("normalise(%q)\n got %q\nwant %q", test.text, got, test.want)
		}
	}
}
