package pop3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// lockedConn is a fixedConn that can be written and read at once.
type lockedConn struct {
	fixedConn

	mu sync.Mutex
}

func (c *lockedConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fixedConn.Read(p)
}

func (c *lockedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fixedConn.Write(p)
}

func (c *lockedConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fixedConn.Close()
}

func (c *lockedConn) SetDeadline(at time.Time) error { return c.SetReadDeadline(at) }
func (c *lockedConn) SetReadDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fixedConn.SetReadDeadline(at)
}

var fuzzRequests = []pop3.Request{
	{Verb: "RETR", Number: 5}, {Verb: "TOP", Number: 6}, {Verb: "DELE", Number: 7}, {Verb: "RETR", Number: 8}, {Verb: "DELE", Number: 9},
}

// plainResults reads octets as the replies to fuzzRequests, and returns those that are whole. ok says that all are.
func plainResults(octets string) (results []string, ok bool) {
	status := func() (text string, ok bool) {
		line, rest, found := strings.Cut(octets, "\r\n")
		word, _, _ := strings.Cut(line, " ")
		octets = rest
		return line, found && (word == "+OK" || word == "-ERR")
	}
	line, proven := "", false
	line, ok = status()
	for i, r := range fuzzRequests {
		if !ok {
			return results, false
		}
		result, probe := r.Verb+" "+line+"|", r.Number
		multi := r.Verb != "DELE" && line[0] == '+'
		if multi {
			text, rest, found := strings.Cut("\r\n"+octets, "\r\n.\r\n")
			if !found {
				return results, false
			}
			octets, text = rest, strings.TrimPrefix(text+"\r\n", "\r\n")
			result += strings.TrimPrefix(strings.ReplaceAll("\r\n"+text, "\r\n..", "\r\n."), "\r\n")
		}
		last := i == len(fuzzRequests)-1
		if !last && !proven {
			if r.Verb == "DELE" {
				probe = fuzzRequests[i+1].Number
			}
			if line, ok = status(); !ok {
				return results, false
			}
			if e := plainEntry(strings.TrimPrefix(strings.TrimPrefix(line, "+OK"), " "), false); line[0] == '+' && (e.Number != probe || e.Octets < 0) {
				return results, false
			}
			proven = line[0] == '+'
			results = append(results, result)
			line, ok = status()
			continue
		}
		if !multi {
			results = append(results, result)
		}
		if !last {
			line, ok = status()
		}
		if multi && ok {
			results = append(results, result)
		}
	}
	return results, ok
}

// FuzzPipeline: what a Pipeline gives as whole is what a plain reader makes of the octets, in its order, and no more.
func FuzzPipeline(f *testing.F) {
	const honest = "+OK\r\none\r\n.\r\n+OK 5 5\r\n+OK\r\n..two\r\n.\r\n+OK\r\n+OK\r\n.\r\n+OK\r\n"
	f.Add([]byte(honest), uint8(255))
	f.Add([]byte(honest+"+OK\r\n"), uint8(255))
	f.Add([]byte("-ERR\r\n-ERR\r\n-ERR\r\n-ERR\r\n-ERR\r\n+OK 8 3\r\n-ERR\r\n-ERR\r\n"), uint8(255))
	f.Add([]byte("+OK\r\none\r\n+OK 5 5\r\n.\r\n+OK\r\n..two\r\n"), uint8(1))
	f.Add([]byte("+OK\r\n.\r\n+OK 6 5\r\n"), uint8(3))
	f.Fuzz(func(t *testing.T, octets []byte, slice uint8) {
		for line := range bytes.Lines(octets) {
			if len(line) > 2000 || !bytes.HasSuffix(line, []byte("\r\n")) { // limits and LF mode are another matter
				return
			}
		}
		conn := &lockedConn{fixedConn: fixedConn{
			left: slices.Concat([]byte("+OK\r\n"+capaPipelining), octets), slice: int(slice) + 1, byLine: true,
		}}
		c := pop3.New(conn, nil)
		if _, _, err := c.Capa(context.Background()); err != nil {
			t.Fatal(err)
		}
		var got []string
		var last error
		for m, err := range c.Pipeline(context.Background(), each(fuzzRequests)) {
			if last = err; m == nil {
				break
			}
			last = nil
			if text, broken := io.ReadAll(m); broken == nil || errors.Is(broken, err) && err != nil {
				got = append(got, fmt.Sprintf("%s %s|%s", m.Verb, m.Response(), text))
			}
		}
		want, whole := plainResults(string(octets))
		if !slices.Equal(got, want) {
			t.Fatalf("%q: %q, want %q; %v", octets, got, want, last)
		}
		if (last == nil) != whole && !errors.Is(last, pop3.ErrPipelining) || last != nil && !isBroken(last) {
			t.Fatalf("%q: %v, whole: %v", octets, last, whole)
		}
	})
}
