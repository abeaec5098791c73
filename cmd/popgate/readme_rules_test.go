package main

import (
	"strings"
	"testing"
)

// readme writes a README: each fence stands as two apostrophes, and a fence's word follows it.
func readme(lines ...string) string {
	return strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "''", fence)
}

const demoReply = `''text
{
  "response": "+OK popgate's test server is ready \u003cAAAAAAAAAAAAAAAAAAAAAAAAAA@pop3.example.test\u003e"
}
''`

func TestReadmeRules(t *testing.T) {
	const opens = `SESSION=$(grpcurl -plaintext -d '{"server":{"host":"127.0.0.1","port":9111,"tls":{"mode":"TLS_MODE_PLAINTEXT"}}}' \
  127.0.0.1:9110 popgate.v1.Pop3Service/OpenSession | sed -n 's/.*"sessionId": "\(.*\)".*/\1/p')`
	const welcome = `grpcurl -plaintext -d '{"session_id":"'$SESSION'"}' 127.0.0.1:9110 popgate.v1.Pop3Service/GetWelcome`
	tests := []struct {
		name string
		text string
		want []string // the beginnings of the problems
	}{
		{"nothing", readme("Hello"), nil},
		{"a shell goes on through the blocks", readme("''sh", opens, "''", "Then", "''sh", welcome, "''", demoReply), nil},
		{"the demo", readme("''sh", "go run github.com/popgate/popgate/cmd/popgate@latest demo", "''", "''text", "popgate demo",
			"...", "  mailbox  127.0.0.1:9111  POP3, user alice, password secret, on loopback only", "''"), nil},
		{"another demo", readme("''sh", "popgate demo", "''", "''text", "popgate demo", "read", "''"), []string{"1: the output has no\npopgate demo\nread"}},
		{"popgate", readme("''sh", "go build -o popgate ./cmd/popgate", "./popgate version | cut -c-8", "''", "''text", "popgate ", "''"), nil},
		{"popgate as a client of the demo", readme("''sh", "export POPGATE_PASSWORD=secret",
			"popgate list --unsafe-plaintext pop://alice@127.0.0.1:9111 | wc -l | tr -d ' '",
			"popgate list --direct --unsafe-plaintext pop://alice@127.0.0.1:9111 | wc -l | tr -d ' '",
			"popgate list --unsafe-plaintext pop://bob@127.0.0.1:9111 2>&1 | head -n 1", "''",
			"''text", "5", "5", "popgate: LOGIN_FAILED: the server refused", "''"), nil},
		{"popgate without a gateway", readme("''sh", "popgate list --gateway 127.0.0.1:1 --user alice --unsafe-plaintext 127.0.0.1:9111", "''"),
			[]string{"1: ended with status 1"}},
		{"popgate between backquotes", readme("`popgate serve`, `popgate list --direct alice@example.com`, `popgate completion fish`."), nil},
		{"no command between backquotes", readme("A", "`popgate serf`", "`popgate --help`"), []string{"2: `popgate serf`: unknown", "3: `popgate --help`: "}},
		{"no flag between backquotes", readme("`popgate serve` and `popgate list --recursive M`"), []string{"1: `popgate list --recursive M`: unknown flag"}},
		{"between backquotes in a block", readme("''console", "`popgate serf`", "''", "`popgate serf`"), []string{"4: "}},
		{"what is left out", readme("''sh", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4", "go test ./...", "cd popgate", "''"), nil},
		{"another grpcurl", readme("''sh", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.8.0", "''"), []string{"1: the demo names"}},
		{"what is not run", readme("''console", "$ false", "''", "''text", "x", "''"), nil},
		{"another output", readme("''sh", "echo a", "''", "", "''text", "b", "''"), []string{"1: the output has no\nb"}},
		{"an output that is not shown", readme("''sh", "echo a", "''"), nil},
		{"a failure", readme("''sh", "false", "''"), []string{"1: ended with status 1"}},
		{"a failure that is shown", readme("''sh", "echo no; false", "''", "''text", "no", "''"), nil},
		{"the end of the shell", readme("''sh", "exit 0", "''", "''sh", ":", "''"), []string{"1: did not come", "4: did not come"}},
		{"a broken line", readme("''sh", "echo 'a", "''"), []string{"1: did not come"}},
		{"Go", readme("''go", "package main", "", `import _ "github.com/popgate/popgate/pop3"`, "", "func main() {}", "''"), nil},
		{"Go that does not compile", readme("''go", "package main", "", "func main() { undefined() }", "''"), []string{"1: go vet"}},
		{"Go that runs", readme("''go", "package main", "", `import "fmt"`, "", `func main() { fmt.Println("127.0.0.1:9110") }`, "''",
			"''sh", "go run .", "''", "''text", "127.0.0.1:9110", "''"), nil},
		{"Go that fails", readme("''go", "package main", "", `import "os"`, "", "func main() { os.Exit(1) }", "''", "''sh", "go run .", "''"),
			[]string{"8: ended with status 1"}},
		{"Go that is not there", readme("''sh", "go run .", "''"), []string{"1: ended with status 1"}},
		{"an indented fence", readme("* ''sh", "  ''sh", "  false", "  ''"), []string{"2: the fence does", "4: the fence does"}},
		{"a fence without a word", readme("''", "x", "''"), []string{"1: a fence without"}},
		{"a fence without an end", readme("''sh", "x"), []string{"1: the fence is never closed"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := checkReadme(t, test.text)
			if len(got) != len(test.want) {
				t.Fatalf("got %d problems, want %q:\n%s", len(got), test.want, strings.Join(got, "\n"))
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("got %s\nwant %s…", got[i], want)
				}
			}
		})
	}
}
