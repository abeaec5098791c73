package account

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		want Account
		fail string
	}{
		{"pops://alice@mail.example", Account{TLS: Implicit, Host: "mail.example", User: "alice"}, ""},
		{"pops://alice@mail.example:1995/", Account{TLS: Implicit, Host: "mail.example", Port: 1995, User: "alice"}, ""},
		{"POP://alice@mail.example", Account{TLS: STLS, Host: "mail.example", User: "alice"}, ""},
		{"pop://mail.example", Account{TLS: STLS, Host: "mail.example"}, ""},
		{"pop://[2001:db8::1]:110", Account{TLS: STLS, Host: "2001:db8::1", Port: 110}, ""},
		{"pop://[2001:db8::1]", Account{TLS: STLS, Host: "2001:db8::1"}, ""},
		{"pop://alice;AUTH=plain@mail.example", Account{TLS: STLS, Host: "mail.example", User: "alice", Mechanism: "PLAIN"}, ""},
		{"pop://alice;auth=*@mail.example", Account{TLS: STLS, Host: "mail.example", User: "alice"}, ""},
		{"pop://a%3BAUTH=x%40b@mail.example", Account{TLS: STLS, Host: "mail.example", User: "a;AUTH=x@b"}, ""},
		{"pop://alice@example.com@mail.example", Account{TLS: STLS, Host: "mail.example", User: "alice@example.com"}, ""},
		{"pops://alice:a%2Fb:c@mail.example", Account{TLS: Implicit, Host: "mail.example", User: "alice", Password: "a/b:c"}, ""},
		{"pop://alice;AUTH=+APOP@mail.example", Account{}, "no SASL mechanism"},
		{"imaps://alice@mail.example", Account{}, "not a pop"},
		{"pop://", Account{}, "no host"},
		{"pop://@mail.example", Account{}, "empty user"},
		{"pop://:hunter2@mail.example", Account{}, "empty user"},
		{"pops://alice:hunter2%zz@mail.example", Account{}, "password is not percent-encoded"},
		{"pop://al%zzice@mail.example", Account{}, "name is not percent-encoded"},
		{"pop://mail.example/INBOX", Account{}, "more than a host"},
		{"pop://mail.example:0", Account{}, "is not host:port"},
		{"pop://mail.example:65536", Account{}, "is not host:port"},
		{"alice@example.com", Account{Domain: "example.com", User: "alice@example.com"}, ""},
		{"example.com", Account{Domain: "example.com"}, ""},
		{"localhost", Account{Host: "localhost"}, ""},
		{"mail.example:110", Account{Host: "mail.example", Port: 110}, ""},
		{"[::1]:110", Account{Host: "::1", Port: 110}, ""},
		{"::1", Account{Host: "::1"}, ""},
		{"192.0.2.1", Account{Host: "192.0.2.1"}, ""},
		{"alice@mail.example:995", Account{}, "names no port"},
		{"alice@192.0.2.1", Account{}, "names no port"},
		{"@example.com", Account{}, "names no port"},
		{"", Account{}, "neither"},
		{"alice@", Account{}, "neither"},
		{"mail example", Account{}, "neither"},
		{"mail.example:pop3", Account{}, "is not host:port"},
	}
	for _, test := range tests {
		got, err := Parse(test.text)
		switch {
		case test.fail == "" && (err != nil || !reflect.DeepEqual(got, test.want)):
			t.Errorf("Parse(%q): %+v, %v; want %+v", test.text, got, err, test.want)
		case test.fail != "" && (err == nil || !strings.Contains(err.Error(), test.fail) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("Parse(%q): %v; want an error with %q", test.text, err, test.fail)
		}
	}
}

func TestDiscover(t *testing.T) {
	notFound := &net.DNSError{IsNotFound: true}
	records := map[string][]*net.SRV{
		"pop3s.both.example":    {{Target: "mail.both.example.", Port: 995}, {Target: "b.both.example.", Port: 1}},
		"pop3.both.example":     {{Target: "plain.both.example.", Port: 110}},
		"pop3.stls.example":     {{Target: "MAIL.stls.example.", Port: 1110}},
		"pop3s.self.example":    {{Target: "self.example.", Port: 995}},
		"pop3s.none.example":    {{Target: "."}},
		"pop3.none.example":     {{Target: "."}},
		"pop3s.half.example":    {{Target: "."}},
		"pop3.half.example":     {{Target: "mail.half.example.", Port: 110}},
		"pop3s.foreign.example": {{Target: "mail.hoster.example.", Port: 995}},
		"pop3s.near.example":    {{Target: "mail.notnear.example.", Port: 995}},
		"pop3s.suffix.example":  {{Target: "evilsuffix.example.", Port: 995}},
	}
	lookup := func(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
		if proto != "tcp" {
			return "", nil, errors.New("not tcp")
		}
		if name == "broken.example" {
			return "", nil, &net.DNSError{IsTimeout: true}
		}
		if r, ok := records[service+"."+name]; ok {
			return "", r, nil
		}
		return "", nil, notFound
	}
	tests := []struct {
		domain string
		want   Account
		fail   string
	}{
		{"both.example", Account{TLS: Implicit, Host: "mail.both.example", Port: 995}, ""},
		{"stls.example", Account{TLS: STLS, Host: "MAIL.stls.example", Port: 1110}, ""},
		{"self.example", Account{TLS: Implicit, Host: "self.example", Port: 995}, ""},
		{"half.example", Account{TLS: STLS, Host: "mail.half.example", Port: 110}, ""},
		{"silent.example", Account{TLS: Implicit, Host: "silent.example"}, ""},
		{"none.example", Account{}, "has no POP3"},
		{"foreign.example", Account{}, "write pops://user@mail.hoster.example:995"},
		{"near.example", Account{}, "outside of that domain"},
		{"suffix.example", Account{}, "outside of that domain"},
		{"broken.example", Account{}, "cannot ask DNS"},
	}
	for _, test := range tests {
		got, err := Account{Domain: test.domain}.Discover(t.Context(), lookup)
		test.want.Domain = test.domain
		switch {
		case test.fail == "" && (err != nil || !reflect.DeepEqual(got, test.want)):
			t.Errorf("%s: %+v, %v; want %+v", test.domain, got, err, test.want)
		case test.fail != "" && (err == nil || !strings.Contains(err.Error(), test.fail)):
			t.Errorf("%s: %v; want an error with %q", test.domain, err, test.fail)
		}
	}
	if a, err := (Account{Host: "mail.example"}).Discover(t.Context(), nil); err != nil || a.Host != "mail.example" {
		t.Errorf("a host that is named: %+v, %v", a, err)
	}
}
