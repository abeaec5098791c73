package server

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// callersFile is the form of the file of callers.
type callersFile struct {
	Roles   map[string]roleEntry `yaml:"roles"`
	JWT     *jwtEntry            `yaml:"jwt"`
	Callers []*callerEntry       `yaml:"callers"`
}

type roleEntry struct {
	Methods  []string  `yaml:"methods"`
	Targets  *[]string `yaml:"targets"`
	Sessions int       `yaml:"sessions"`
}

// callerEntry is a credential of a caller. A caller may have several, one an entry, while one replaces another.
type callerEntry struct {
	Name        string    `yaml:"name"`
	Role        string    `yaml:"role"`
	TokenSHA256 string    `yaml:"token-sha256"`
	Certificate string    `yaml:"certificate"`
	JWTSubject  string    `yaml:"jwt-subject"`
	Expires     time.Time `yaml:"expires"`

	digest []byte // of the token
}

// LoadCallers reads a file of callers, by read, and the key set that it names, whose path counts from the file's folder. No error
// shows a credential.
func LoadCallers(file string, read func(file string) ([]byte, error)) (*Callers, error) {
	text, err := read(file)
	if err != nil {
		return nil, err
	}
	parsed, err := parseCallersFile(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	callers, err := parsed.callers()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if parsed.JWT == nil {
		return callers, nil
	}
	keys := parsed.JWT.Keys
	if !filepath.IsAbs(keys) {
		keys = filepath.Join(filepath.Dir(file), keys)
	}
	if text, err = read(keys); err != nil {
		return nil, err
	}
	if callers.verifier, err = newJWTVerifier(parsed.JWT, text); err != nil {
		return nil, fmt.Errorf("%s: %w", keys, err)
	}
	return callers, nil
}

var unknownKey = regexp.MustCompile(`field (.*) not found in type \S+`)

func parseCallersFile(text []byte) (*callersFile, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var parsed callersFile
	if err := decoder.Decode(&parsed); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New(unknownKey.ReplaceAllString(strings.ReplaceAll(err.Error(), "\n", ""), `there is no key "$1"`))
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one YAML document")
	}
	if len(parsed.Callers) == 0 {
		return nil, errors.New("no callers") // half a file would close the door for all
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	return &parsed, checkValues(&document)
}

// checkValues finds a key without a value. Else a role whose targets were all taken out would reach every target.
func checkValues(node *yaml.Node) error {
	for i, child := range node.Content {
		value := child
		if child.Kind == yaml.AliasNode {
			value = child.Alias
		}
		if node.Kind == yaml.MappingNode && i%2 == 1 && value.Tag == "!!null" {
			return fmt.Errorf("line %d: %q has no value", node.Content[i-1].Line, node.Content[i-1].Value)
		}
		if err := checkValues(child); err != nil {
			return err
		}
	}
	return nil
}

// callers checks the file and returns what it says.
func (f *callersFile) callers() (*Callers, error) {
	c := &Callers{roles: map[string]*role{}, entries: f.Callers}
	for name, entry := range f.Roles {
		role, err := entry.role()
		if err != nil {
			return nil, fmt.Errorf("role %s: %w", name, err)
		}
		c.roles[name] = role
	}
	roles, seen := map[string]string{}, map[string]bool{}
	for i, e := range f.Callers {
		if e == nil || !isName(e.Name) {
			return nil, fmt.Errorf("caller %d has no name, or one that does not print", i+1)
		}
		credential, err := e.credential()
		if err != nil {
			return nil, fmt.Errorf("caller %s: %w", e.Name, err)
		}
		switch {
		case c.roles[e.Role] == nil:
			return nil, fmt.Errorf("caller %s: there is no role %q", e.Name, e.Role)
		case roles[e.Name] != "" && roles[e.Name] != e.Role:
			return nil, fmt.Errorf("caller %s has two roles", e.Name)
		case seen[credential]:
			return nil, fmt.Errorf("caller %s: the same credential is there twice", e.Name)
		case e.JWTSubject != "" && f.JWT == nil:
			return nil, fmt.Errorf("caller %s: jwt-subject needs the key jwt", e.Name)
		}
		roles[e.Name], seen[credential] = e.Role, true
		c.certified = c.certified || e.Certificate != ""
	}
	return c, nil
}

func isName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

func (e roleEntry) role() (*role, error) {
	r := &role{methods: map[string]bool{}, sessions: e.Sessions}
	if e.Sessions < 0 {
		return nil, errors.New("sessions is less than 0")
	}
	for _, method := range e.Methods {
		r.methods[method] = true
	}
	if e.Targets != nil {
		targets, err := ParseTargets(*e.Targets)
		if err != nil {
			return nil, err
		}
		r.targets = &targets
	}
	return r, nil
}

var certificateForm = regexp.MustCompile(`^(uri|dns|email|ip):.`)

// credential checks the credential of an entry, and returns what no other entry may have.
func (e *callerEntry) credential() (string, error) {
	var all []string
	for kind, value := range map[string]string{"token": strings.ToLower(e.TokenSHA256), "certificate": e.Certificate, "jwt": e.JWTSubject} {
		if value != "" {
			all = append(all, kind+" "+value)
		}
	}
	if len(all) != 1 {
		return "", errors.New("one of token-sha256, certificate and jwt-subject is needed")
	}
	if e.Certificate != "" && !certificateForm.MatchString(e.Certificate) {
		return "", errors.New("certificate is uri:, dns:, email: or ip: and a name")
	}
	if e.TokenSHA256 != "" {
		digest, err := hex.DecodeString(e.TokenSHA256)
		if err != nil || len(digest) != 32 {
			return "", errors.New("token-sha256 is not 64 hexadecimal digits") // nor shown: it may be the token itself
		}
		e.digest = digest
	}
	return all[0], nil
}
