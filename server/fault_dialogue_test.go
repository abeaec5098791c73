package server

import (
	"strings"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// act is one RPC and the lines that it puts on the wire, as a pop3test.Script has them.
type act struct {
	lines string
	call  func(*caller) error
	verb  string // the command that an error names; "" for the last line of the client's
	reply string // what `response` has to be; "" for the first status line
}

// The message of the dialogues, and what TOP has of it. Its terminators are no terminators.
const (
	cutTop     = "Subject: dots\r\nFrom: a@example.test\r\n\r\n.\r\n..two\r\n"
	cutMessage = cutTop + ".three\r\n.\rCR\r\n.\nLF\n.\n\r\n\xff\x00\r\n" + cutFill + "\r\n.\r\n"
	cutFill    = "0123456789abcdef0123456789abcdef"
)

const topLines = "S: +OK message follows\nS: Subject: dots\nS: From: a@example.test\nS:\nS: ..\nS: ...two\n"

var greeted = act{lines: "S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>", call: (*caller).open}

var encrypted = act{lines: greeted.lines + "\nC: STLS\nS: +OK begin TLS negotiation\nTLS", call: (*caller).open}

// beforeLogin are the commands of the AUTHORIZATION state that are no login.
var beforeLogin = []act{
	{lines: "C: CAPA\nS: +OK capability list follows\nS: TOP\nS: UIDL\nS: UTF8\nS: LANG\nS: SASL PLAIN\nS: .", call: (*caller).capa},
	{lines: "C: UTF8\nS: +OK UTF8 enabled", call: (*caller).utf8},
	{lines: "C: LANG\nS: +OK languages follow\nS: en English\nS: de Deutsch\nS: .", call: (*caller).languages},
	{lines: "C: LANG en\nS: +OK en English", call: (*caller).lang},
}

var (
	userPass = []act{
		{lines: "C: USER alice\nS: +OK name is a valid mailbox", call: (*caller).user},
		{lines: "C: PASS open sesame\nS: +OK maildrop locked and ready", call: (*caller).pass},
	}
	stlsAuth = []act{
		{lines: "C: STLS\nS: +OK begin TLS negotiation\nTLS", call: (*caller).stls},
		{
			lines: "C: CAPA\nS: +OK\nS: SASL LOGIN PLAIN\nS: .\nC: AUTH PLAIN AGFsaWNlAHB3\nS: +OK logged in",
			call:  (*caller).auth, reply: "+OK logged in",
		},
	}
	apop    = []act{{lines: "C: APOP mrose c4c9334bac560ecc979e58001b3e22fb\nS: +OK maildrop has 1 message", call: (*caller).apop}}
	rpop    = []act{userPass[0], {lines: "C: RPOP alice\nS: +OK trusted", call: (*caller).rpop}}
	twoStep = []act{{
		lines: "C: AUTH X-TWO aGVsbG8=\nS: + b25l\nC: b25lIQ==\nS: + dHdv\nC: dHdvIQ==\nS: +OK logged in",
		call:  (*caller).authExchange, verb: "AUTH",
	}}
)

// maildrop are the commands that look at the maildrop.
var maildrop = []act{
	{lines: "C: STAT\nS: +OK 2 320", call: (*caller).stat},
	{lines: "C: LIST\nS: +OK 2 messages (320 octets)\nS: 1 120\nS: 2 200\nS: .", call: func(c *caller) error {
		return c.list(nil, "1 120", "2 200")
	}},
	{lines: "C: LIST 1\nS: +OK 1 120", call: func(c *caller) error { return c.list(new(uint32(1)), "1 120") }},
	{lines: "C: UIDL\nS: +OK unique-ids follow\nS: 1 whqtswO00WBw418f9t5JxYwZ\nS: 2 QhdPYR:00WBw1Ph7x7\nS: .", call: func(c *caller) error {
		return c.uidl(nil, "1 whqtswO00WBw418f9t5JxYwZ", "2 QhdPYR:00WBw1Ph7x7")
	}},
	{lines: "C: UIDL 2\nS: +OK 2 QhdPYR:00WBw1Ph7x7", call: func(c *caller) error {
		return c.uidl(new(uint32(2)), "2 QhdPYR:00WBw1Ph7x7")
	}},
	{lines: "C: NOOP\nS: +OK", call: (*caller).noop},
}

// messages are the commands that read messages, or mark them.
var messages = []act{
	{lines: "C: TOP 1 2\n" + topLines + "S: .", call: (*caller).top},
	{
		lines: "C: RETR 1\n" + topLines + `S: ..three` + "\n" + `S: .\rCR` + "\n" + `S: .\nLF\n.\n` + "\n" + `S: \xff\0` + "\nS: " + cutFill + "\nS: ..\nS: .",
		call:  func(c *caller) error { return c.retr(nil) },
	},
	{lines: "C: DELE 1\nS: +OK message 1 deleted", call: func(c *caller) error { return c.dele(1, nil) }},
	{lines: "C: RSET\nS: +OK maildrop has 2 messages", call: (*caller).rset},
	{lines: "C: DELE 2\nS: +OK message 2 deleted", call: func(c *caller) error { return c.dele(2, nil) }},
}

// asked are the calls that ask the server for something of their own first.
var asked = []act{
	{
		lines: "C: LIST 1\nS: +OK 1 120\nC: RETR 1\nS: +OK\nS: Subject: dots\nS: From: a@example.test\nS:\nS: .",
		call: func(c *caller) error {
			l, err := join(c.g.Retr(c.ctx, &pb.RetrRequest{SessionId: c.session, MessageNumber: 1, MaxOctets: new(int64(120))}))
			return c.message("Subject: dots\r\nFrom: a@example.test\r\n\r\n", l, err)
		},
		reply: "+OK",
	},
	{
		lines: "C: UIDL 1\nS: +OK 1 a\nC: DELE 1\nS: +OK message 1 deleted",
		call:  func(c *caller) error { return c.dele(1, new("a")) }, reply: "+OK message 1 deleted",
	},
}

var bye = act{lines: "C: QUIT\nS: +OK 1 message left", call: (*caller).quit}

// dialogue is a whole session.
type dialogue struct {
	name    string
	mode    pb.TlsMode
	acts    []act
	script  *pop3test.Script
	replies []reply
	first   int // octet at which a cut is new
	octets  int // that the server sends
}

// from has the dialogue cut in its nth act and later ones alone; others begin like it.
func (d *dialogue) from(n int) *dialogue {
	for _, r := range d.replies {
		if r.act < n {
			d.first += r.octets
		}
	}
	return d
}

// reply is what the server says between two lines of the client's.
type reply struct {
	act    int
	verb   string
	sent   string // all that the client has sent before it
	octets int
	tls    bool // the handshake follows
}

// newDialogue puts a dialogue together.
func newDialogue(name string, mode pb.TlsMode, parts ...[]act) *dialogue {
	d := &dialogue{name: name, mode: mode}
	text, sent := "", ""
	if mode == pb.TlsMode_TLS_MODE_IMPLICIT {
		text = "TLS\n"
	}
	for _, part := range parts {
		for _, a := range part {
			text += a.lines + "\n"
			sent = d.add(a, sent)
		}
	}
	var err error
	if d.script, err = pop3test.ParseScript(text); err != nil {
		panic(err)
	}
	return d
}

// add adds an act. It returns all that the client has sent behind it.
func (d *dialogue) add(a act, sent string) string {
	verb, asks := a.verb, true
	for line := range strings.Lines(a.lines) {
		line = strings.TrimSuffix(line, "\n")
		text := strings.TrimPrefix(line[2:], " ")
		switch line[:2] {
		case "C:":
			sent += text + "\r\n"
			asks = true
			if a.verb == "" {
				verb, _, _ = strings.Cut(text, " ")
			}
		case "S:":
			if asks {
				d.replies = append(d.replies, reply{act: len(d.acts), verb: verb, sent: sent})
				asks = false
			}
			n := len(scriptEscapes.Replace(text)) + 2
			d.replies[len(d.replies)-1].octets += n
			d.octets += n
			if a.reply == "" && strings.HasPrefix(text, "+OK") {
				a.reply = text
			}
		default:
			d.replies[len(d.replies)-1].tls = true
		}
	}
	d.acts = append(d.acts, a)
	return sent
}

// scriptEscapes are those that the dialogues use.
var scriptEscapes = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\0`, "\x00", `\xff`, "\xff")

// dialogues are those that are cut everywhere: three for each kind of TLS, which have every command together, and the other ways
// to log in.
func dialogues() []*dialogue {
	var all []*dialogue
	for name, begin := range map[string]act{"PLAINTEXT": greeted, "IMPLICIT": greeted, "STLS": encrypted} {
		mode := pb.TlsMode(pb.TlsMode_value["TLS_MODE_"+name])
		all = append(all,
			newDialogue(name+", login", mode, []act{begin}, beforeLogin, userPass, []act{bye}),
			newDialogue(name+", maildrop", mode, []act{begin}, apop, maildrop, []act{bye}).from(1),
			newDialogue(name+", messages", mode, []act{begin}, apop, messages, []act{bye}).from(2))
	}
	plaintext := pb.TlsMode_TLS_MODE_PLAINTEXT
	return append(all,
		newDialogue("Stls and Auth", plaintext, []act{greeted}, stlsAuth, []act{bye}),
		newDialogue("asked first", plaintext, []act{greeted}, apop, asked, []act{bye}),
		newDialogue("Rpop", plaintext, []act{greeted}, rpop, []act{bye}),
		newDialogue("AuthExchange", plaintext, []act{greeted}, twoStep, []act{bye}),
		newDialogue("Quit at once", plaintext, []act{greeted, bye}))
}
