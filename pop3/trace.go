package pop3

import (
	"bytes"
	"strings"
	"sync/atomic"
	"time"
)

// Levels of a Trace, each with what those below tell. poplib's set_debuglevel knows TraceCommands as 1 and TraceLines as 2.
const (
	// TraceNothing tells nothing.
	TraceNothing = iota
	// TraceCommands tells a line a command.
	TraceCommands
	// TraceReplies tells the dialogue without the lines of listings and messages.
	TraceReplies
	// TraceLines tells every line both ways, lines of messages too.
	TraceLines
)

// maxTraceLine is where a line that is told is cut, in octets.
const maxTraceLine = 1024

// Event is one line of the dialogue.
type Event struct {
	// Time is when the line was sent or received.
	Time time.Time
	// Sent is true for the client's lines.
	Sent bool
	// Level is the least level that tells the line.
	Level int
	// Line is the line without its line end, cut after 1,024 octets, secrets replaced by "***". Lines of messages are as they went over
	// the wire: a dot that begins a line is doubled, and "." ends the message.
	Line string
}

// Trace tells the dialogue of a Client, without secrets. The level may be changed at any time, from any goroutine.
type Trace struct {
	tell  func(Event)
	level atomic.Int32
}

// NewTrace returns a Trace that calls tell for each line, from the goroutine that runs the command; it must not block. Its level
// is TraceNothing.
func NewTrace(tell func(Event)) *Trace { return &Trace{tell: tell} }

// SetLevel sets what is told: TraceNothing, TraceCommands, TraceReplies, or TraceLines and above.
func (t *Trace) SetLevel(level int) { t.level.Store(int32(min(max(level, TraceNothing), TraceLines))) }

// on reports whether a level is told. A nil Trace tells nothing.
func (t *Trace) on(level int) bool { return t != nil && int(t.level.Load()) >= level }

func (t *Trace) line(level int, sent bool, line string) {
	if t.on(level) {
		t.tell(Event{Time: time.Now(), Sent: sent, Level: level, Line: line[:min(len(line), maxTraceLine)]})
	}
}

// lineSplitter tells message data line by line. A message that is whole ends in a line end.
type lineSplitter struct {
	trace *Trace
	begun []byte // the line that has not ended yet, up to maxTraceLine
}

func (s *lineSplitter) write(data []byte) {
	if !s.trace.on(TraceLines) {
		s.begun = s.begun[:0] // the level may rise again in another line
		return
	}
	for len(data) > 0 {
		part, rest, ended := bytes.Cut(data, []byte("\n"))
		s.begun = append(s.begun, part[:min(len(part), maxTraceLine-len(s.begun))]...)
		if !ended {
			return
		}
		line := string(bytes.TrimSuffix(s.begun, []byte("\r")))
		if strings.HasPrefix(line, ".") {
			line = "." + line
		}
		s.trace.line(TraceLines, false, line)
		s.begun = s.begun[:0]
		data = rest
	}
}

// end tells the line that ends a message (RFC 1939 section 3).
func (s *lineSplitter) end() { s.trace.line(TraceLines, false, ".") }
