package account

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Variables of the environment that hold secrets.
const (
	PasswordVariable    = "POPGATE_PASSWORD"
	AccessTokenVariable = "POPGATE_ACCESS_TOKEN"
)

// ErrNoSecret says that no source has a password.
var ErrNoSecret = errors.New("no password: give --password-file, " + PasswordVariable + " or " + AccessTokenVariable + ", an entry in ~/.netrc, or a terminal to ask at")

// ErrNoUser says that nothing names the user.
var ErrNoUser = errors.New("no user: give --user, or write pops://user@host")

// Sources are where secrets come from, the strongest first.
type Sources struct {
	File   string                                // holds the password in its first line; "" is none
	Getenv func(string) string                   // of PasswordVariable and AccessTokenVariable, and HOME
	Netrc  string                                // "" is ~/.netrc, if it exists
	Prompt func(question string) (string, error) // asks a person; nil where there is none
}

// Secret is what proves an identity: one of the two.
type Secret struct{ Password, AccessToken string }

// Find returns the account with its user, and its secret: from the file, the account itself, the environment, the netrc file, or a
// person. No error shows a secret.
func (s Sources) Find(a Account) (Account, Secret, error) {
	entries, err := s.netrc()
	if err != nil {
		return a, Secret{}, err
	}
	host := a.Host
	if a.User == "" {
		a.User, _ = passwordOf(entries, host, "")
	}
	if a.User == "" {
		return a, Secret{}, ErrNoUser
	}
	switch token, password := s.Getenv(AccessTokenVariable), s.Getenv(PasswordVariable); {
	case s.File != "":
		password, err := firstLine(s.File)
		return a, Secret{Password: password}, err
	case a.Password != "":
		return a, Secret{Password: a.Password}, nil
	case token != "" && password != "":
		return a, Secret{}, errors.New(PasswordVariable + " and " + AccessTokenVariable + " are both set")
	case token != "":
		return a, Secret{AccessToken: token}, nil
	case password != "":
		return a, Secret{Password: password}, nil
	}
	if _, password := passwordOf(entries, host, a.User); password != "" {
		return a, Secret{Password: password}, nil
	}
	if s.Prompt == nil {
		return a, Secret{}, ErrNoSecret
	}
	password, err := s.Prompt(fmt.Sprintf("Password of %q at %s: ", a.User, host))
	if err == nil && password == "" {
		err = ErrNoSecret
	}
	return a, Secret{Password: password}, err
}

// netrc reads the netrc file. That the default one is not there is no error.
func (s Sources) netrc() ([]netrcEntry, error) {
	file := s.Netrc
	if file == "" {
		home := s.Getenv("HOME")
		if home == "" {
			return nil, nil
		}
		file = filepath.Join(home, ".netrc")
	}
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if s.Netrc == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return parseNetrc(string(text)), err
}

// firstLine returns the first line of a file.
func firstLine(file string) (string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("%s: the first line is empty", file)
	}
	return line, nil
}
