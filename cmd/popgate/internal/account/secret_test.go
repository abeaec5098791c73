package account

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const netrcFile = `# of alice
machine mail.example
	login alice # the user
	password "pass \" word\\"
macdef init
machine evil.example login x password y

machine mail.example login bob password second
machine shared.example password anybody's
machine keyless.example login alice account machine
default login guest password welcome
machine late.example login unfinished password`

func TestNetrc(t *testing.T) {
	entries := parseNetrc(netrcFile)
	tests := []struct{ host, user, wantLogin, wantPassword string }{
		{"mail.example", "alice", "alice", `pass " word\`},
		{"MAIL.example", "bob", "bob", "second"},
		{"mail.example", "", "alice", `pass " word\`},
		{"mail.example", "carol", "", ""},
		{"shared.example", "carol", "", "anybody's"},
		{"evil.example", "x", "", ""},
		{"evil.example", "", "guest", "welcome"},
		{"keyless.example", "alice", "", ""},
		{"late.example", "unfinished", "", ""},
		{"other.example", "guest", "guest", "welcome"},
	}
	for _, test := range tests {
		if login, password := passwordOf(entries, test.host, test.user); login != test.wantLogin || password != test.wantPassword {
			t.Errorf("%s, %q: %q %q, want %q %q", test.host, test.user, login, password, test.wantLogin, test.wantPassword)
		}
	}
}

func TestNetrcNeverPanics(*testing.T) {
	for i := range len(netrcFile) {
		parseNetrc(netrcFile[:i])
	}
}

func TestFind(t *testing.T) {
	home := t.TempDir()
	file, empty := filepath.Join(home, "password"), filepath.Join(home, "empty")
	for name, text := range map[string]string{
		file: "of the file\r\nsecond line\n", empty: "\n", filepath.Join(home, ".netrc"): "machine mail.example login alice password of-netrc",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alice := Account{Host: "mail.example", User: "alice"}
	prompt := func(question string) (string, error) {
		if question != `Password of "bob" at mail.example: ` {
			t.Errorf("asked %q", question)
		}
		return "of a person", nil
	}
	tests := []struct {
		name    string
		sources Sources
		account Account
		env     map[string]string
		want    Secret
		fail    string
	}{
		{"file", Sources{File: file}, Account{Host: "h", User: "alice", Password: "of the URL"}, map[string]string{"POPGATE_PASSWORD": "x"}, Secret{Password: "of the file"}, ""},
		{"URL", Sources{}, Account{Host: "h", User: "alice", Password: "of the URL"}, map[string]string{"POPGATE_PASSWORD": "x"}, Secret{Password: "of the URL"}, ""},
		{"password of the environment", Sources{}, alice, map[string]string{"POPGATE_PASSWORD": "x"}, Secret{Password: "x"}, ""},
		{"token of the environment", Sources{}, alice, map[string]string{"POPGATE_ACCESS_TOKEN": "x"}, Secret{AccessToken: "x"}, ""},
		{"both", Sources{}, alice, map[string]string{"POPGATE_ACCESS_TOKEN": "x", "POPGATE_PASSWORD": "y"}, Secret{}, "are both set"},
		{"~/.netrc", Sources{}, alice, nil, Secret{Password: "of-netrc"}, ""},
		{"the user too", Sources{}, Account{Host: "mail.example"}, nil, Secret{Password: "of-netrc"}, ""},
		{"no user", Sources{}, Account{Host: "h"}, nil, Secret{}, ErrNoUser.Error()},
		{"a person", Sources{Prompt: prompt}, Account{Host: "mail.example", User: "bob"}, nil, Secret{Password: "of a person"}, ""},
		{"nobody", Sources{}, Account{Host: "mail.example", User: "bob"}, nil, Secret{}, ErrNoSecret.Error()},
		{"empty file", Sources{File: empty}, alice, nil, Secret{}, "first line is empty"},
		{"no file", Sources{File: file + "x"}, alice, nil, Secret{}, "no such file"},
		{"no netrc where one is named", Sources{Netrc: file + "x"}, alice, nil, Secret{}, "no such file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.sources.Getenv = func(name string) string {
				if name == "HOME" {
					return home
				}
				return test.env[name]
			}
			_, secret, err := test.sources.Find(test.account)
			if secret != test.want || (err == nil) != (test.fail == "") || err != nil && !strings.Contains(err.Error(), test.fail) {
				t.Errorf("got %+v, %v", secret, err)
			}
		})
	}
	refused := errors.New("no")
	_, _, err := Sources{Getenv: func(string) string { return "" }, Prompt: func(string) (string, error) { return "", refused }}.Find(alice)
	if !errors.Is(err, refused) {
		t.Errorf("a person who gives nothing: %v", err)
	}
}
