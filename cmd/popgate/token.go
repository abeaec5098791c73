package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/popgate/popgate/server"
)

// callersHelp tells the form of the file of callers.
const callersHelp = `The file of --callers, in YAML, says who may call, and what:

  roles:
    reader:
      methods: [MailboxService/ListMessages, MailboxService/FetchMessages]  # Service, Service/Method, or "*"
      targets: [pop.example.com:995, 10.1.0.0/16]  # only these, of those that serve allows; left out: all of them
      sessions: 50                                 # at once; left out: 1,000
  callers:                     # one entry a credential; entries of the same name are the same caller
    - name: alice
      role: reader
      token-sha256: 9f86d081…  # popgate token makes one, for "authorization: Bearer …"
      expires: 2027-01-31      # left out: never
    - name: billing
      role: reader
      certificate: dns:billing.example.com  # or uri:, email:, ip:; its first subject alternative name, by --tls-client-ca
    - name: cluster
      role: reader
      jwt-subject: system:serviceaccount:mail:reader
  jwt:                         # only for jwt-subject
    issuer: https://issuer.example.com
    audience: popgate
    keys: jwks.json            # a JSON Web Key Set; its path counts from this file's folder

What no rule permits is refused, health checks excepted.`

// tokenConfig are the settings of popgate token.
type tokenConfig struct {
	name, role string
	days       int
	file       string
}

func tokenCommand() *cobra.Command {
	var c tokenConfig
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Make a bearer token for a caller",
		Long: `Make a bearer token for a caller, of 256 random bits. It is printed once, on standard output, and kept nowhere: the gateway knows
its SHA-256 alone, which stands in the file that serve reads by --callers. With --file the caller is added there, and a running gateway
knows it within 5 seconds; a file that is not there yet is made, with a role named "all" that permits every call. Without --file what
to add goes to standard error. To take a token back, delete its entry.

A caller sends "authorization: Bearer TOKEN" with each call; grpcurl does by -H, and the commands of popgate by --token-file.
The form of the file is told by popgate serve --help.`,
		Example: `  popgate token --name alice --file callers.yaml >alice.token
  popgate token --name billing --role reader --days 90 --file callers.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return makeToken(c, time.Now(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.name, "name", "", "`name` of the caller; sessions belong to it, and survive a change of its token")
	f.StringVar(&c.role, "role", allRole, "`name` of its role")
	f.IntVar(&c.days, "days", 0, "`number` of days after which the token ends; 0: never")
	f.StringVar(&c.file, "file", "", "YAML `file` of callers to add it to")
	return cmd
}

// allRole is the role that a new file of callers has.
const allRole = "all"

const newCallersFile = `# Who may call this gateway, and what: popgate serve --callers reads it, and popgate serve --help explains it.
roles:
  ` + allRole + `:
    methods: ["*"]
callers: []
`

// tokenEntry is a caller with a token in the file of callers.
type tokenEntry struct {
	Name    string     `yaml:"name"`
	Role    string     `yaml:"role"`
	SHA256  string     `yaml:"token-sha256"`
	Expires *time.Time `yaml:"expires,omitempty"`
}

// makeToken makes a token and prints it, once it is in the file.
func makeToken(c tokenConfig, now time.Time, stdout, stderr io.Writer) error {
	if c.name == "" {
		return &usageError{errors.New("--name is missing")}
	}
	if c.days < 0 {
		return &usageError{fmt.Errorf("--days %d: less than 0", c.days)}
	}
	token, digest := server.NewToken()
	entry := tokenEntry{Name: c.name, Role: c.role, SHA256: digest}
	if c.days > 0 {
		end := now.UTC().Truncate(time.Second).AddDate(0, 0, c.days)
		entry.Expires = &end
	}
	if c.file != "" {
		if err := addCaller(c.file, entry); err != nil {
			return fmt.Errorf("--file: %w", err)
		}
	} else {
		text, err := yaml.Marshal([]tokenEntry{entry})
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stderr, "Add to callers in the file of --callers:\n%s", text)
	}
	_, err := fmt.Fprintln(stdout, token)
	return err
}

// addCaller adds an entry to a file of callers, and leaves everything else as it is, comments too. The file is replaced as a whole, so
// that a gateway never reads half of it.
func addCaller(file string, entry tokenEntry) error {
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	mode := fs.FileMode(0o600)
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	switch info, errStat := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		text = []byte(newCallersFile)
	case err != nil:
		return err
	case errStat == nil:
		mode = info.Mode().Perm()
	}
	if text, err = withCaller(text, entry); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if _, err := server.LoadCallers(file, func(name string) ([]byte, error) {
		if name == file {
			return text, nil
		}
		return os.ReadFile(name) //nolint:gosec // the operator names it
	}); err != nil {
		return err
	}
	return replaceFile(file, text, mode)
}

// withCaller returns the text of a file of callers with one entry more.
func withCaller(text []byte, entry tokenEntry) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	var added yaml.Node
	if err := added.Encode(entry); err != nil {
		return nil, err
	}
	list := callersOf(&document)
	if list == nil {
		return nil, errors.New("there is no list \"callers\" to add to")
	}
	list.Style = 0 // one entry a line
	list.Content = append(list.Content, &added)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := errors.Join(encoder.Encode(&document), encoder.Close())
	return out.Bytes(), err
}

// callersOf returns the list of callers in a document, or nil.
func callersOf(document *yaml.Node) *yaml.Node {
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	pairs := document.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i].Value == "callers" && pairs[i+1].Kind == yaml.SequenceNode {
			return pairs[i+1]
		}
	}
	return nil
}

// replaceFile writes a file beside another and puts it in its place.
func replaceFile(file string, text []byte, mode fs.FileMode) error {
	next, err := os.CreateTemp(filepath.Dir(file), ".callers-*")
	if err != nil {
		return err
	}
	_, err = next.Write(text)
	err = errors.Join(err, next.Chmod(mode), next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), file)
	}
	if err != nil {
		_ = os.Remove(next.Name()) // it is of no use
	}
	return err
}
