package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseStatus(t *testing.T) {
	for _, tc := range []struct {
		line    string
		strict  Status
		lenient Status
		text    string // of the strict reading
	}{
		{"+OK", OK, OK, ""},
		{"+OK ", OK, OK, ""},
		{"+OK hello there", OK, OK, "hello there"},
		{"+OK  two", OK, OK, " two"},
		{"-ERR", Err, Err, ""},
		{"-ERR no", Err, Err, "no"},
		{"+OKAY", Neither, OK, ""},
		{"+ok", Neither, OK, ""},
		{"+", Neither, OK, ""},
		{"+ SGVsbG8=", Neither, OK, ""},
		{"+Do you even care?", Neither, OK, ""},
		{"-err", Neither, Err, ""},
		{"-ERROR", Neither, Err, ""},
		{" +OK", Neither, Err, ""},
		{"+OK\tx", Neither, OK, ""},
		{"", Neither, Err, ""},
		{"HTTP/1.1 400 Bad Request", Neither, Err, ""},
		{"* OK IMAP4rev1", Neither, Err, ""},
		{"220 smtp", Neither, Err, ""},
		{"\xff\xfe", Neither, Err, ""},
	} {
		got, text := ParseStatus([]byte(tc.line), false)
		if got != tc.strict || string(text) != tc.text {
			t.Errorf("ParseStatus(%q) = %v, %q; want %v, %q", tc.line, got, text, tc.strict, tc.text)
		}
		if got, _ := ParseStatus([]byte(tc.line), true); got != tc.lenient {
			t.Errorf("lenient ParseStatus(%q) = %v, want %v", tc.line, got, tc.lenient)
		}
	}
}

func TestResponseCode(t *testing.T) {
	for text, want := range map[string]string{
		"[AUTH] no":            "AUTH",
		"[in-use] busy":        "IN-USE",
		"[SYS/TEMP/DISK] full": "SYS/TEMP",
		"[SYS] what":           "",
		"[UNHEARD-OF] x":       "",
		"[AUTH no":             "",
		" [AUTH] no":           "",
		"no [AUTH]":            "",
		"":                     "",
		"[]":                   "",
	} {
		if got := ResponseCode([]byte(text)); got != want {
			t.Errorf("ResponseCode(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestAppendCommand(t *testing.T) {
	got, err := AppendCommand([]byte("x"), "APOP", "alice", "digest")
	if err != nil || string(got) != "xAPOP alice digest\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"\rx", "x\ny", "x\x00", "\r\nDELE 1"} {
		if got, err := AppendCommand(nil, "USER", bad); !errors.Is(err, ErrForbiddenOctet) || len(got) != 0 {
			t.Errorf("USER %q: got %q, %v", bad, got, err)
		}
		if got, err := AppendCommand(nil, "A", "ok", bad, "ok"); !errors.Is(err, ErrForbiddenOctet) || len(got) != 0 {
			t.Errorf("A ok %q ok: got %q, %v", bad, got, err)
		}
	}
	for n := 248; n <= 252; n++ {
		_, err := AppendCommand(nil, "USER", strings.Repeat("u", n))
		if tooLong := n+len("USER \r\n") > MaxCommand; tooLong != errors.Is(err, ErrCommandTooLong) {
			t.Errorf("USER with %d octets: %v", n, err)
		}
	}
}

func TestLine(t *testing.T) {
	r := NewReader(iotest.OneByteReader(strings.NewReader("+OK one\r\n+OK two\n\r\ncr\r\r\nend")))
	for _, want := range []struct {
		line string
		lf   bool
	}{{"+OK one", false}, {"+OK two", true}, {"", false}, {"cr\r", false}} {
		line, lf, err := r.Line(MaxStatusLine)
		if err != nil || string(line) != want.line || lf != want.lf {
			t.Errorf("got %q, %v, %v; want %q, %v", line, lf, err, want.line, want.lf)
		}
	}
	if _, _, err := r.Line(MaxStatusLine); err != io.EOF {
		t.Errorf("a line that does not end: %v, want io.EOF", err)
	}
}

func TestLineLimit(t *testing.T) {
	for n := MaxStatusLine - 3; n < MaxStatusLine+3; n++ {
		in := strings.Repeat("x", n-2) + "\r\n"
		for _, src := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
			_, _, err := NewReader(src).Line(MaxStatusLine)
			if tooLong := n > MaxStatusLine; tooLong != errors.Is(err, ErrLineTooLong) {
				t.Errorf("a line of %d octets: %v", n, err)
			}
		}
	}
	endless := &counter{r: endlessReader{}}
	if _, _, err := NewReader(endless).Line(MaxStatusLine); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("an endless line: %v", err)
	}
	if endless.n > bufferSize {
		t.Errorf("read %d octets of an endless line, more than the buffer", endless.n)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// exactness are the cases of byte-exactness: what the server sends behind its status line, and what the message is.
var exactness = []struct {
	name, sent, want string
	lf               bool
}{
	{"empty", ".\r\n", "", false},
	{"plain", "a\r\nb\r\n.\r\n", "a\r\nb\r\n", false},
	{"stuffed", "..\r\n...\r\n..a\r\n.\r\n", ".\r\n..\r\n.a\r\n", false},
	{"not stuffed", ".x\r\n.\r\n", ".x\r\n", false},
	{"dot and CR and text", "a\r\n.\rb\r\n.\r\n", "a\r\n.\rb\r\n", false},
	{"bare LF before a dot", "a\n.\r\nb\n..c\r\n.\r\n", "a\n.\r\nb\n..c\r\n", false},
	{"bare LF and lone dot", "a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", false},
	{"bare CR before a dot", "a\r.\r\n.\r\n", "a\r.\r\n", false},
	{"CR CR LF", "a\r\r\n.\r\n", "a\r\r\n", false},
	{"dots within", "a.\r\n.b.\r\n..\r\n.\r\n", "a.\r\n.b.\r\n.\r\n", false},
	{"NUL and 8 bit", "\x00\xff\x80\r\n.\r\n", "\x00\xff\x80\r\n", false},
	{"4096 and a dot", strings.Repeat("a", 4096) + ".\r\n.\r\n", strings.Repeat("a", 4096) + ".\r\n", false},
	{"LF mode, LF . CRLF", "a\nb\n.\r\n", "a\nb\n", true},
	{"LF mode, LF . LF", "a\nb\n.\n", "a\nb\n", true},
	{"LF mode, stuffed", "..a\n...\n..\n.\n", ".a\n..\n.\n", true},
	{"LF mode, empty", ".\n", "", true},
	{"LF mode, CRLF lines", "a\r\n..b\r\n.\r\n", "a\r\n.b\r\n", true},
	{"LF mode, dot and CR and text", ".\rx\n.\n", ".\rx\n", true},
}

// readers slice what is read in ways that put every octet on an edge.
var readers = map[string]func(io.Reader) io.Reader{
	"whole":   func(r io.Reader) io.Reader { return r },
	"one":     iotest.OneByteReader,
	"half":    iotest.HalfReader,
	"dataErr": iotest.DataErrReader,
}

func TestBodyExact(t *testing.T) {
	const behind = "+OK next\r\n"
	for _, tc := range exactness {
		for name, slice := range readers {
			for _, size := range []int{1, 2, 3, 7, 63, 64, 65, 4096, 64 << 10} {
				r := NewReader(slice(strings.NewReader(tc.sent + behind)))
				got, err := readBy(r.Body(tc.lf), size)
				if err != nil || got != tc.want {
					t.Errorf("%s, %s, %d a read: %q, %v; want %q", tc.name, name, size, got, err, tc.want)
				}
				if line, _, err := r.Line(MaxStatusLine); string(line)+"\r\n" != behind {
					t.Errorf("%s, %s, %d a read: behind it %q, %v", tc.name, name, size, line, err)
				}
			}
		}
	}
}

// chunks are what one read after the other returns.
type chunks []string

func (c *chunks) Read(p []byte) (int, error) {
	if len(*c) == 0 {
		return 0, io.EOF
	}
	n := copy(p, (*c)[0])
	if (*c)[0] = (*c)[0][n:]; (*c)[0] == "" {
		*c = (*c)[1:]
	}
	return n, nil
}

// slicer returns a number of octets at most with each read.
type slicer struct {
	left []byte
	size int
}

func (s *slicer) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.size)], s.left)
	s.left = s.left[n:]
	return n, nil
}

// TestBodySplit has every case arrive in two and in three parts, wherever they meet.
func TestBodySplit(t *testing.T) {
	for _, tc := range exactness {
		for i := 1; i < len(tc.sent) && len(tc.sent) < 1000; i++ {
			for j := i + 1; j <= len(tc.sent); j++ {
				r := NewReader(&chunks{tc.sent[:i], tc.sent[i:j], tc.sent[j:] + "+OK next\r\n"})
				got, err := readBy(r.Body(tc.lf), 4096)
				if err != nil || got != tc.want {
					t.Errorf("%s in %d, %d: %q, %v; want %q", tc.name, i, j, got, err, tc.want)
				}
				if line, _, err := r.Line(MaxStatusLine); string(line) != "+OK next" {
					t.Errorf("%s in %d, %d: behind it %q, %v", tc.name, i, j, line, err)
				}
			}
		}
	}
}

// oracle is Body as the protocol has it, without an eye on speed: it returns the message, what is behind it, and whether it ended.
func oracle(sent string, lf bool) (message, behind string, ended bool) {
	lineStart := true
	for i := 0; i < len(sent); i++ {
		rest := sent[i:]
		if lineStart && rest[0] == '.' {
			for _, end := range []string{".\r\n", ".\n"} {
				if strings.HasPrefix(rest, end) && (lf || end == ".\r\n") {
					return message, rest[len(end):], true
				}
			}
			if strings.HasPrefix(rest, "..") {
				i++
			}
		}
		message += sent[i : i+1]
		lineStart = strings.HasSuffix(message, "\r\n") || lf && strings.HasSuffix(message, "\n")
	}
	return message, "", false
}

// TestBodyOracle compares every text of up to 6 of the octets that matter with the oracle, in every two parts.
func TestBodyOracle(t *testing.T) {
	texts := []string{""}
	for n := 0; n < len(texts); n++ {
		if len(texts[n]) < 6 {
			for _, octet := range []string{".", "\r", "\n", "a"} {
				texts = append(texts, texts[n]+octet)
			}
		}
	}
	p := make([]byte, tiny)
	for _, text := range texts {
		for _, lf := range []bool{false, true} {
			want, behind, ended := oracle(text, lf)
			for i := range max(len(text), 1) {
				r := NewReader(&chunks{text[:i], text[i:]})
				if i == 0 {
					r = NewReader(strings.NewReader(text))
				}
				got, err := readInto(r.Body(lf), p)
				unread, _ := io.ReadAll(r.src)
				rest := string(r.buf[r.pos:r.end]) + string(unread)
				r.pos = r.end
				r.Release()
				if ended && (got != want || err != nil || rest != behind) || !ended && err != io.ErrUnexpectedEOF {
					t.Fatalf("%q, LF mode %v, parted at %d: %q, %v, behind it %q; want %q, %v, %q", text, lf, i, got, err, rest, want, ended, behind)
				}
			}
		}
	}
}

func readBy(r io.Reader, size int) (string, error) { return readInto(r, make([]byte, size)) }

func readInto(r io.Reader, p []byte) (string, error) {
	var all []byte
	for {
		n, err := r.Read(p)
		all = append(all, p[:n]...)
		if err == io.EOF {
			return string(all), nil
		}
		if err != nil {
			return string(all), err
		}
	}
}

// TestBodyCut cuts every case at every octet: no prefix is a whole message.
func TestBodyCut(t *testing.T) {
	for _, tc := range exactness {
		if len(tc.sent) > 1000 {
			continue
		}
		for n := range len(tc.sent) {
			_, err := readBy(NewReader(strings.NewReader(tc.sent[:n])).Body(tc.lf), 4096)
			if err != io.ErrUnexpectedEOF {
				t.Errorf("%s cut after %d octets: %v", tc.name, n, err)
			}
		}
	}
}

// TestBodyLarge covers the path past the buffer, and octets behind the terminator that the caller's slice has caught.
func TestBodyLarge(t *testing.T) {
	message := strings.Repeat(strings.Repeat("x", 75)+"\r\n.\r\n..dots\r\n", 40_000)
	stuffed := string(stuff([]byte(message)))
	r := NewReader(strings.NewReader(stuffed + ".\r\n" + stuffed + ".\r\n+OK\r\n"))
	for range 2 {
		got, err := readBy(r.Body(false), 256<<10)
		if err != nil || got != message {
			t.Fatalf("%d octets, %v; want %d", len(got), err, len(message))
		}
	}
	if line, _, err := r.Line(MaxStatusLine); string(line) != "+OK" {
		t.Errorf("behind it %q, %v", line, err)
	}
	if r.Release(); r.buf != nil {
		t.Error("an idle reader holds a buffer")
	}
}

// stuff is the slow and plain opposite of Body.
func stuff(message []byte) []byte {
	var out []byte
	for i, c := range message {
		if c == '.' && (i == 0 || i >= 2 && message[i-1] == '\n' && message[i-2] == '\r') {
			out = append(out, '.')
		}
		out = append(out, c)
	}
	return out
}

func FuzzUnstuff(f *testing.F) {
	f.Add([]byte(".\r\n..\r\n.x\r\n\r\n"), uint8(1), uint8(1))
	f.Add([]byte("a\n.\nb\r.\r\n"), uint8(200), uint8(2))
	f.Add([]byte(".\r\n..a\r\n.b\r\n"), uint8(200), uint8(8))
	f.Add([]byte(""), uint8(3), uint8(0))
	f.Fuzz(func(t *testing.T, message []byte, size, slice uint8) {
		if len(message) > 0 && !bytes.HasSuffix(message, []byte("\r\n")) {
			message = append(message, "\r\n"...)
		}
		wire := append(stuff(message), ".\r\n+OK"...)
		r := NewReader(&slicer{wire, int(slice) + 1})
		got, err := readBy(r.Body(false), int(size)+1)
		if err != nil || got != string(message) {
			t.Fatalf("unstuff(stuff(%q)) = %q, %v", message, got, err)
		}
	})
}

func FuzzCommand(f *testing.F) {
	f.Add("USER", "alice")
	f.Add("PASS", "a\r\nDELE 1")
	f.Fuzz(func(t *testing.T, verb, arg string) {
		line, err := AppendCommand(nil, verb, arg)
		if err != nil {
			if len(line) != 0 {
				t.Fatalf("%q with %v", line, err)
			}
			return
		}
		if want := verb + " " + arg + "\r\n"; string(line) != want || bytes.Count(line, []byte("\n")) != 1 || len(line) > MaxCommand {
			t.Fatalf("%q is not one line of at most %d octets", line, MaxCommand)
		}
	})
}

// BenchmarkBody scans a MiB of an attachment in base64, of text with a dot a line, and of nothing but dots.
func BenchmarkBody(b *testing.B) {
	for name, line := range map[string]string{
		"base64": strings.Repeat("x", 76) + "\r\n",
		"text":   "This is a sentence of usual length. And this is another one, of no account.\r\n",
		"dots":   strings.Repeat(".", 76) + "\r\n",
	} {
		wire := append(stuff([]byte(strings.Repeat(line, 1<<20/len(line)))), ".\r\n"...)
		p := make([]byte, 256<<10)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(wire)))
			for b.Loop() {
				body := NewReader(bytes.NewReader(wire)).Body(false)
				for {
					if _, err := body.Read(p); err != nil {
						break
					}
				}
			}
		})
	}
}

func TestIndexLFDot(t *testing.T) {
	for _, tc := range []string{
		"", ".", "\n", "\n.", ".\n.", "a.b\n.c", "\n\n.", strings.Repeat(".", 500) + "\n.", strings.Repeat("a.", 500) + "\n.x",
		strings.Repeat(".", 17) + "\n.", strings.Repeat(".\n", 9) + ".", strings.Repeat("x", 70_000) + "..\n..",
	} {
		if got, want := indexLFDot([]byte(tc)), strings.Index(tc, "\n."); got != want {
			t.Errorf("%.40q: %d, want %d", tc, got, want)
		}
	}
}
