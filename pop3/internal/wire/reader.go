package wire

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

const (
	// MaxStatusLine is the greatest length of a status line in octets, its line end included. RFC 2449 section 4 allows 512;
	// servers with long texts exist.
	MaxStatusLine = 2048
	// MaxListLine is the greatest length of a line of LIST, UIDL, CAPA or LANG in octets, its line end included.
	MaxListLine = 8 << 10
	// MaxChallenge is the greatest length of a line with a SASL challenge in octets, its line end included.
	MaxChallenge = 12 << 10
)

// bufferSize is that of a Reader's buffer: a few small messages, so that pipelined replies cost one read together.
const bufferSize = 32 << 10

// ErrLineTooLong says that a line is longer than its limit. The rest of it is unread, so framing is lost.
var ErrLineTooLong = errors.New("line too long")

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// Reader reads lines and message bodies from a connection. It holds a buffer only between its first read and Release, so an
// idle connection costs none.
type Reader struct {
	src  io.Reader
	pool *[bufferSize]byte // where buf came from, nil if it was made larger
	buf  []byte            // nil while nothing is buffered
	pos  int
	end  int
}

// NewReader returns a Reader of src.
func NewReader(src io.Reader) *Reader { return &Reader{src: src} }

// Buffered returns how many octets were read from the connection and not yet used.
func (r *Reader) Buffered() int { return r.end - r.pos }

// Release gives the buffer back if it is empty.
func (r *Reader) Release() {
	if r.buf == nil || r.pos < r.end {
		return
	}
	if r.pool != nil {
		buffers.Put(r.pool)
	}
	*r = Reader{src: r.src}
}

// Fill reads once from the connection into the buffer.
func (r *Reader) Fill() error {
	if r.buf == nil {
		r.pool = buffers.Get().(*[bufferSize]byte)
		r.buf = r.pool[:]
	}
	if r.pos == r.end {
		r.pos, r.end = 0, 0
	} else if r.end == len(r.buf) {
		r.end = copy(r.buf, r.buf[r.pos:r.end])
		r.pos = 0
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// unread puts octets back that were read past the end of a message.
func (r *Reader) unread(rest []byte) {
	if len(rest) == 0 {
		return
	}
	if r.pos > 0 && len(rest) <= r.pos { // they came out of the buffer, and are there still
		r.pos -= len(rest)
		return
	}
	buf := make([]byte, len(rest)+r.Buffered()+bufferSize) // large enough that Fill finds room behind any line
	end := copy(buf, rest)
	end += copy(buf[end:], r.buf[r.pos:r.end])
	r.pos = r.end
	r.Release()
	r.buf, r.end = buf, end
}

// Line returns the next line without its line end, and whether that was a bare LF. The slice is valid until the next call. An
// error leaves what was read in the buffer: the call can be repeated after a time-out.
func (r *Reader) Line(limit int) (line []byte, bareLF bool, err error) {
	for seen := 0; ; {
		window := r.buf[r.pos:r.end]
		if i := bytes.IndexByte(window[seen:], '\n'); i >= 0 {
			if seen+i >= limit {
				return nil, false, ErrLineTooLong
			}
			line = window[:seen+i]
			r.pos += seen + i + 1
			if n := len(line); n > 0 && line[n-1] == '\r' {
				return line[:n-1], false, nil
			}
			return line, true, nil
		}
		seen = len(window)
		if seen >= limit {
			return nil, false, ErrLineTooLong
		}
		if err := r.Fill(); err != nil {
			return nil, false, err
		}
	}
}

// IsEnd tells whether a line of a listing is its last (RFC 1939 section 3).
func IsEnd(line []byte) bool { return len(line) == 1 && line[0] == '.' }

// Unstuff removes the dot that a listing's line was stuffed with: one that begins the line, where a second one follows.
func Unstuff(line []byte) []byte {
	if bytes.HasPrefix(line, []byte("..")) {
		return line[1:]
	}
	return line
}
