package wire

import (
	"bytes"
	"io"
)

// position is where in a line the scan stands.
type position int

const (
	lineStart position = iota
	afterCR
	insideLine
)

// tiny is the size from which on a caller's slice is scanned in place; it has to hold more than the octets held back.
const tiny = 64

// small is how much is taken out of the buffer at once: what lies behind a small message is copied in vain.
const small = 8 << 10

// Body reads the body of a multi-line reply: a message. It returns the octets as they came, save that a dot that begins a
// line is dropped where a second dot follows, and io.EOF only after the terminator: CRLF "." CRLF, or in LF mode LF "." LF or
// LF "." CRLF. A connection that ends before is io.ErrUnexpectedEOF.
//
// There is no limit on lines. After an error of the connection Read can be called again.
type Body struct {
	r      *Reader
	lf     bool
	at     position
	held   [2]byte // a dot, or a dot and CR, that may be the terminator's
	nheld  int
	taken  int // octets that came through the buffer, up to its size
	done   bool
	spare  [tiny]byte // for callers with a tiny slice
	unsent []byte     // of spare
}

// Body returns a reader of the body behind a status line; lf says that the status line ended in a bare LF. The Reader must not
// be used until the Body has returned io.EOF.
func (r *Reader) Body(lf bool) *Body { return &Body{r: r, lf: lf} }

// Ready reports whether Read would return without a look at the connection or its buffer.
func (b *Body) Ready() bool { return b.done || len(b.unsent) > 0 }

// Read implements io.Reader. It uses all of p as scratch space and scans it in place.
func (b *Body) Read(p []byte) (int, error) {
	if len(p) >= tiny && len(b.unsent) == 0 {
		return b.read(p)
	}
	if len(b.unsent) == 0 && len(p) > 0 {
		n, err := b.read(b.spare[:])
		if err != nil {
			return 0, err
		}
		b.unsent = b.spare[:n]
	}
	n := copy(p, b.unsent)
	b.unsent = b.unsent[n:]
	return n, nil
}

func (b *Body) read(p []byte) (int, error) {
	for !b.done {
		k := copy(p, b.held[:b.nheld])
		m, err := b.fetch(p[k:])
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		var n, used int
		n, used, b.at, b.done = scan(p[:k+m], b.at, b.lf)
		if b.done {
			b.r.unread(p[used : k+m])
		} else {
			b.nheld = copy(b.held[:], p[used:k+m])
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, io.EOF
}

// fetch reads octets of the connection into p. A message that outgrows the buffer is read straight into the caller's slice;
// smaller ones share a read with the replies behind them.
func (b *Body) fetch(p []byte) (int, error) {
	r := b.r
	if r.Buffered() == 0 {
		if b.taken >= bufferSize && len(p) >= 4<<10 {
			r.Release()
			return r.src.Read(p)
		}
		if err := r.Fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(len(p), small)], r.buf[r.pos:r.end])
	r.pos += n
	b.taken = min(b.taken+n, bufferSize)
	return n, nil
}

// scan unstuffs b in place. It returns how many octets of the message now begin b and how many were used; those that were not
// are to begin the next b, or, where done, lie behind the terminator.
func scan(b []byte, at position, lf bool) (n, used int, after position, done bool) {
	i := 0
	for {
		if at == lineStart && i < len(b) && b[i] == '.' {
			skip, verdict := dotLine(b[i:], lf)
			switch verdict {
			case dotEnds:
				return n, i + skip, lineStart, true
			case dotUndecided:
				return n, i, lineStart, false
			}
			i += skip
			at = insideLine
		}
		j := nextDotLine(b[i:], at == afterCR, lf)
		if j < 0 {
			after = endPosition(b[i:], at, lf) // while b is what it was
			return n + move(b, n, b[i:]), len(b), after, false
		}
		n += move(b, n, b[i:i+j])
		i += j
		at = lineStart
	}
}

// move copies seg, which lies in b, to b[to:].
func move(b []byte, to int, seg []byte) int {
	if len(seg) > 0 && &b[to] == &seg[0] {
		return len(seg)
	}
	return copy(b[to:], seg)
}

type verdict int

const (
	dotKept verdict = iota
	dotEnds
	dotUndecided
)

// dotLine judges a line that begins with a dot and says how many octets of it to skip.
func dotLine(b []byte, lf bool) (int, verdict) {
	switch {
	case len(b) == 1:
		return 0, dotUndecided
	case b[1] == '.':
		return 1, dotKept
	case b[1] == '\n' && lf:
		return 2, dotEnds
	case b[1] == '\r' && len(b) == 2:
		return 0, dotUndecided
	case b[1] == '\r' && b[2] == '\n':
		return 3, dotEnds
	}
	return 0, dotKept
}

// nextDotLine returns the index of the first dot in b that begins a line, the first octet of b excepted, or -1.
func nextDotLine(b []byte, prevCR, lf bool) int {
	for from := 0; ; {
		j := indexLFDot(b[from:])
		if j < 0 {
			return -1
		}
		j += from
		if lf || j > 0 && b[j-1] == '\r' || j == 0 && prevCR {
			return j + 1
		}
		from = j + 1
	}
}

// indexLFDot returns the index of the first LF with a dot behind it, or -1. It looks for dots alone as long as they are rare: an
// attachment in base64 has none, so that it is passed over at the speed of memory.
func indexLFDot(b []byte) int {
	for i, dots := 0, 0; ; dots++ {
		if dots > 1+i/32 {
			j := bytes.Index(b[i:], []byte("\n."))
			if j < 0 {
				return -1
			}
			return i + j
		}
		j := bytes.IndexByte(b[i:], '.')
		if j < 0 {
			return -1
		}
		if i += j + 1; i >= 2 && b[i-2] == '\n' {
			return i - 2
		}
	}
}

// endPosition returns where the line stands behind b, which is the rest of a scan that stood at at.
func endPosition(b []byte, at position, lf bool) position {
	n := len(b)
	if n == 0 {
		return at
	}
	switch b[n-1] {
	case '\r':
		return afterCR
	case '\n':
		if lf || n > 1 && b[n-2] == '\r' || n == 1 && at == afterCR {
			return lineStart
		}
	}
	return insideLine
}
