package main

import (
	"io"
	"net"
	"strings"
)

// demoPart is a session, or a part of one, and what it shows.
type demoPart struct {
	title   string // without quotes: zsh takes a pasted comment for a command
	steps   []demoStep
	watched []demoStep // further steps, with WatchDebug running beside them
}

// demoStep is a call.
type demoStep struct {
	rpc    string
	fields string // JSON fields of the request behind session_id, or behind server and credentials
	pipe   string // command that the reply goes through
	whole  bool   // of MailboxService, which needs no session; CollectMessages is told fields of its fetch
}

// toText makes the octets of a message of the replies.
const toText = `sed -n 's/.*"data": "\(.*\)".*/\1/p' | base64 -d`

// demoParts are the calls of the demonstration, in order: together they are every RPC.
var demoParts = []demoPart{
	{title: "Log in, and read the mailbox", steps: []demoStep{
		{rpc: "OpenSession"},
		{rpc: "GetWelcome"},
		{rpc: "Capa"},
		{rpc: "User", fields: `"username":"alice"`},
		{rpc: "Pass", fields: `"password":"secret"`},
		{rpc: "Stat"},
		{rpc: "List"},
		{rpc: "List", fields: `"message_number":2`},
		{rpc: "Uidl"},
		{rpc: "Top", fields: `"message_number":1,"lines":2`},
		{rpc: "Retr", fields: `"message_number":1,"want_sha256":true`},
		{rpc: "Retr", fields: `"message_number":1`, pipe: toText},
		{rpc: "Noop"},
	}},
	{title: "Delete: Rset takes the mark back, Quit commits. A repeated Quit is answered from memory", steps: []demoStep{
		{rpc: "Dele", fields: `"message_number":1`},
		{rpc: "Rset"},
		{rpc: "Dele", fields: `"message_number":3`},
		{rpc: "Quit"},
		{rpc: "Quit"},
	}},
	{title: "Log in by a digest, and end without Quit, which removes nothing", steps: []demoStep{
		{rpc: "OpenSession"},
		{rpc: "Apop", fields: `"username":"alice","secret":"secret"`},
		{rpc: "Dele", fields: `"message_number":1`},
		{rpc: "CloseSession"},
	}},
	{title: "Log in by SASL inside TLS", steps: []demoStep{
		{rpc: "OpenSession"},
		{rpc: "Stls", fields: `"tls":{"insecure_skip_verify":true}`},
		{rpc: "Utf8"},
		{rpc: "Lang"},
		{rpc: "Auth", fields: `"credentials":{"username":"alice","password":"secret"}`},
		{rpc: "CloseSession"},
	}},
	{title: "Log in by a SASL exchange of your own", steps: []demoStep{
		{rpc: "OpenSession"},
		{rpc: "AuthExchange", fields: `"mechanism":"PLAIN","initial_response":"AGFsaWNlAHNlY3JldA=="`},
		{rpc: "CloseSession"},
	}},
	{title: "Log in by trust, and see an error", steps: []demoStep{
		{rpc: "OpenSession"},
		{rpc: "User", fields: `"username":"alice"`},
		{rpc: "Rpop", fields: `"username":"alice"`},
		{rpc: "Retr", fields: `"message_number":99`},
		{rpc: "CloseSession"},
	}},
	{title: "Do a whole job on the mailbox in one call, without a session", steps: []demoStep{
		{whole: true, rpc: "ListMessages"},
		{whole: true, rpc: "FetchMessages", fields: `"max_messages":1`, pipe: `grep -v -e '"cursor"' -e '"data"'`},
		{whole: true, rpc: "CollectMessages", fields: `"max_messages":1`, pipe: `grep -v -e '"cursor"' -e '"data"'`},
		{whole: true, rpc: "DeleteMessages", fields: `"messages":[{"unique_id":"no-such-id"}]`},
		{whole: true, rpc: "DiagnoseServer", pipe: `sed -n -e '/"findings"/,/^  \]/p' -e '/"maildrop"/,$p'`},
	}},
	{title: "Watch what goes over the wire. The watch begins with an empty reply and ends with the session", steps: []demoStep{
		{rpc: "OpenSession"},
		{rpc: "SetDebugLevel", fields: `"level":2`},
	}, watched: []demoStep{
		{rpc: "User", fields: `"username":"alice"`},
		{rpc: "Pass", fields: `"password":"secret"`},
		{rpc: "CloseSession"},
	}},
}

// demoFunctions are what the lines to paste call. HOST and PORT are the mailbox, GATEWAY is the gateway. The name of a call goes
// to standard error, so that its reply can be piped. collect answers what comes, so it has a pipe for its requests.
const demoFunctions = `# Call an RPC of the session, or one of MailboxService, by its name and the fields of its request; open a session with the mailbox.
pop3() {
  echo "== $*" >&2
  grpcurl -plaintext -d "{\"session_id\":\"$SESSION\"${2:+,$2}}" GATEWAY popgate.v1.Pop3Service/"$1"
}
MAILBOX='"server":{"host":"HOST","port":PORT,"tls":{"mode":"TLS_MODE_PLAINTEXT"}},"credentials":{"username":"alice","password":"secret"}'
mailbox() {
  echo "== $*" >&2
  grpcurl -plaintext -d "{$MAILBOX${2:+,$2}}" GATEWAY popgate.v1.MailboxService/"$1"
}
collect() {
  echo "== CollectMessages $*" >&2
  REQUESTS=$(mktemp -u) && mkfifo "$REQUESTS"
  grpcurl -plaintext -d @ GATEWAY popgate.v1.MailboxService/CollectMessages <"$REQUESTS" | {
    exec 3>"$REQUESTS"
    rm "$REQUESTS"
    echo "{\"open\":{\"fetch\":{$MAILBOX${1:+,$1}}}}" >&3
    while IFS= read -r LINE; do
      printf '%s\n' "$LINE"
      case $LINE in
        *'"deliveryId"'*) ID=${LINE#*: } ;;
        *'"end"'*) echo "{\"settle\":{\"delivery_ids\":[${ID%,}],\"disposition\":\"DISPOSITION_DELETE\"}}" >&3 ;;
        *'"summary"'*) exec 3>&- ;;
      esac
    done
  }
}
open_session() {
  echo "== OpenSession" >&2
  OPENED=$(grpcurl -plaintext -d '{"server":{"host":"HOST","port":PORT,"tls":{"mode":"TLS_MODE_PLAINTEXT"}}}' \
    GATEWAY popgate.v1.Pop3Service/OpenSession)
  printf '%s\n' "$OPENED"
  SESSION=$(printf '%s\n' "$OPENED" | sed -n 's/.*"sessionId": "\(.*\)".*/\1/p')
}
`

// watchBegin and watchEnd stand around the steps that are watched. They wait for the empty reply that begins the watch, and print
// the lines of the dialogue once the session has ended it.
const (
	watchBegin = "pop3 WatchDebug | {\n  read -r begun\n"
	watchEnd   = "  grep '\"line\"'\n}\n"
)

// command returns the step as a line for a shell.
func (s demoStep) command() string {
	if s.rpc == "OpenSession" {
		return "open_session"
	}
	line := "pop3 " + s.rpc
	switch {
	case s.rpc == "CollectMessages":
		line = "collect"
	case s.whole:
		line = "mailbox " + s.rpc
	}
	if s.fields != "" {
		line += " '" + s.fields + "'"
	}
	if s.pipe != "" {
		line += " | " + s.pipe
	}
	return line
}

// shell returns the part as lines for a shell.
func (p demoPart) shell() string {
	var b strings.Builder
	b.WriteString("\n# " + p.title + "\n")
	for _, step := range p.steps {
		b.WriteString(step.command() + "\n")
	}
	if len(p.watched) == 0 {
		return b.String()
	}
	b.WriteString(watchBegin)
	for _, step := range p.watched {
		b.WriteString("  " + step.command() + "\n")
	}
	b.WriteString(watchEnd)
	return b.String()
}

// What stands around the lines to paste.
const (
	beforeSteps = "\nTo call every RPC yourself, get grpcurl and paste the lines below into another terminal:\n" +
		"  go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4\n\n"
	afterSteps = "\n# Ctrl-C ends the demo.\n"
)

// printSteps prints the parts as lines to paste.
func printSteps(w io.Writer, gateway, mailbox string) error {
	host, port, err := net.SplitHostPort(mailbox)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(beforeSteps)
	b.WriteString(strings.NewReplacer("HOST", host, "PORT", port, "GATEWAY", gateway).Replace(demoFunctions))
	for _, part := range demoParts {
		b.WriteString(part.shell())
	}
	b.WriteString(afterSteps)
	_, err = io.WriteString(w, b.String())
	return err
}
