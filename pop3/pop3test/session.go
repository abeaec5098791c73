package pop3test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
)

const (
	commandLimit  = 8 << 10  // octets of a command line, line end included
	responseLimit = 64 << 10 // octets of a client's line in an AUTH exchange
	writeBuffer   = 64 << 10 // octets
)

// state is a state of RFC 1939, section 3; as a bit, so that a command can name
// several. UPDATE is no more than the moment in which QUIT works.
type state uint8

const (
	authorization state = 1 << iota
	transaction
)

// command is how the server carries out one command.
type command struct {
	states state
	run    func(s *session, arg string)
}

// commands are the commands by name in capitals.
var commands = map[string]command{
	"APOP": {authorization, (*session).apop},
	"AUTH": {authorization, (*session).auth},
	"CAPA": {authorization | transaction, (*session).capa},
	"DELE": {transaction, (*session).dele},
	"LANG": {authorization | transaction, (*session).lang},
	"LIST": {transaction, (*session).list},
	"NOOP": {transaction, (*session).noop},
	"PASS": {authorization, (*session).pass},
	"QUIT": {authorization | transaction, (*session).quit},
	"RETR": {transaction, (*session).retr},
	"RPOP": {authorization, (*session).rpop},
	"RSET": {transaction, (*session).rset},
	"STAT": {transaction, (*session).stat},
	"STLS": {authorization, (*session).stls},
	"TOP":  {transaction, (*session).top},
	"UIDL": {transaction, (*session).uidl},
	"USER": {authorization, (*session).user},
	"UTF8": {authorization, (*session).utf8},
}

// writers are write buffers; a session has one only while it answers.
var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writeBuffer) }}

var (
	crlf           = []byte("\r\n")
	errLineTooLong = errors.New("pop3test: line too long")
)

// session is one connection and what the server knows about it.
type session struct {
	srv  *Server
	conn *faultConn
	r    *bufio.Reader
	w    *bufio.Writer // nil while nothing waits to be sent
	err  error         // of the first write that failed, or errEnd

	timestamp string // the banner's msg-id, for APOP; may be empty
	state     state
	secure    bool   // TLS is on
	inUTF8    bool   // UTF8 was accepted
	name      string // of the last USER
	box       box    // in TRANSACTION
}

// errEnd ends a session that has nothing more to say.
var errEnd = errors.New("pop3test: session over")

func newSession(srv *Server, conn *faultConn) *session {
	return &session{
		srv:    srv,
		conn:   conn,
		r:      bufio.NewReaderSize(conn, commandLimit),
		state:  authorization,
		secure: srv.tlsFirst,
	}
}

// serve greets the client and answers its commands until QUIT, or until the
// connection is gone. It leaves the maildrop free.
func (s *session) serve() {
	defer s.putWriter()
	defer s.box.close()
	s.greet()
	for s.err == nil {
		line, err := s.readLine(commandLimit)
		if err != nil {
			return
		}
		s.execute(line)
	}
	s.flush()
}

// greet sends the banner.
func (s *session) greet() {
	banner := s.srv.Banner
	if banner == "" {
		banner = "+OK popgate's test server is ready"
		if !s.srv.NoAPOP {
			banner += " <" + rand.Text() + "@pop3.example.test>"
		}
	}
	s.line(banner)
	if strings.HasPrefix(banner, "-ERR") {
		s.err = errEnd
	}
	if open := strings.IndexByte(banner, '<'); open >= 0 && !s.srv.NoAPOP {
		if end := strings.IndexByte(banner[open:], '>'); end >= 0 {
			s.timestamp = banner[open : open+end+1]
		}
	}
}

// execute carries out one command line.
func (s *session) execute(line string) {
	if s.srv.Intercept != nil {
		if reply, ok := s.srv.Intercept(line); ok {
			_, _ = s.writer().WriteString(reply) // errors stay in the writer
			return
		}
	}
	name, arg, _ := strings.Cut(line, " ")
	name = strings.ToUpper(name)
	cmd, known := commands[name]
	switch {
	case !known || s.srv.lacks(name):
		s.refuse("unknown command")
	case cmd.states&s.state == 0:
		s.refuse("not in this state")
	default:
		cmd.run(s, arg)
	}
}

// lacks reports whether a command was taken away.
func (s *Server) lacks(name string) bool {
	switch name {
	case "CAPA":
		return s.NoCAPA
	case "APOP":
		return s.NoAPOP
	case "STLS":
		return s.NoSTLS
	case "UTF8", "LANG":
		return s.NoUTF8
	}
	return false
}

// readLine returns the client's next line without its line end, CRLF or LF.
// It sends what waits to be sent, unless another line is here already.
func (s *session) readLine(limit int) (string, error) {
	if here, _ := s.r.Peek(s.r.Buffered()); bytes.IndexByte(here, '\n') < 0 {
		s.flush()
	}
	if s.err != nil {
		return "", s.err
	}
	var line []byte
	for {
		part, err := s.r.ReadSlice('\n')
		if len(line)+len(part) > limit || errors.Is(err, bufio.ErrBufferFull) && len(line)+len(part) >= limit {
			s.tooLong()
			return "", errLineTooLong
		}
		line = append(line, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
	line = bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'})
	s.srv.record(string(line))
	return string(line), nil
}

// tooLong refuses a line and ends the connection. It reads on until the client
// closes, since the unread rest of the line would turn the end into a reset.
func (s *session) tooLong() {
	s.refuse("line too long")
	s.flush()
	s.conn.bye()
}

// ok sends a success. The text may be empty.
func (s *session) ok(text string) { s.line(strings.TrimSuffix("+OK "+text, " ")) }

// okNumbers sends a success that begins with two numbers.
func (s *session) okNumbers(a, b int64) {
	s.ok(strconv.FormatInt(a, 10) + " " + strconv.FormatInt(b, 10))
}

// refuse sends a failure. The text may begin with a response code.
func (s *session) refuse(text string) { s.line("-ERR " + text) }

// line sends one line. Errors show up at the next flush.
func (s *session) line(text string) {
	w := s.writer()
	_, _ = w.WriteString(text)
	_, _ = w.Write(crlf)
}

// end sends the line that ends a multi-line reply.
func (s *session) end() { s.line(".") }

func (s *session) writer() *bufio.Writer {
	if s.w == nil {
		s.w = writers.Get().(*bufio.Writer)
		s.w.Reset(s.conn)
	}
	return s.w
}

// flush sends what waits to be sent.
func (s *session) flush() {
	if s.w == nil {
		return
	}
	err := s.w.Flush()
	s.putWriter()
	if err != nil && (s.err == nil || errors.Is(s.err, errEnd)) {
		s.err = err
	}
}

// putWriter gives the write buffer back, with what it holds.
func (s *session) putWriter() {
	if s.w != nil {
		s.w.Reset(io.Discard)
		writers.Put(s.w)
		s.w = nil
	}
}
