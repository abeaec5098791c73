package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// echo is a POP3 server whose every reply tells the command that it answers.
type echo struct {
	commands int // of the one session; read it when that is over
}

func (e *echo) serve(conn net.Conn) error {
	defer conn.Close()
	io.WriteString(conn, "+OK ready\r\n")
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil
		}
		if early, _ := in.Peek(in.Buffered()); len(early) > 0 {
			return fmt.Errorf("%q came before the reply to %q", early, line)
		}
		e.commands++
		verb, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		reply := "+OK " + args + " " + verb + "\r\n"
		if verb == "RETR" || verb == "TOP" {
			reply += strings.Repeat(verb+" "+args+"\r\n", 20) + ".\r\n"
		}
		if _, err := io.WriteString(conn, reply); err != nil {
			return err
		}
	}
}

// ask makes the nth kind of call about a message, and returns an error if the answer is another's.
func (c *caller) ask(kind int, number uint32) error {
	switch kind {
	case 0:
		return c.answered(c.noop(), "+OK  NOOP")
	case 1:
		return c.answered(c.list(&number, fmt.Sprint(number, " LIST")), fmt.Sprintf("+OK %d LIST", number))
	case 2:
		return c.answered(c.uidl(&number, fmt.Sprint(number, " UIDL")), fmt.Sprintf("+OK %d UIDL", number))
	case 3:
		return c.answered(c.dele(number, nil), fmt.Sprintf("+OK %d DELE", number))
	case 4:
		l, err := join(c.g.Top(c.ctx, &pb.TopRequest{SessionId: c.session, MessageNumber: number, Lines: 5}))
		err = c.message(strings.Repeat(fmt.Sprintf("TOP %d 5\r\n", number), 20), l, err)
		return c.answered(err, fmt.Sprintf("+OK %d 5 TOP", number))
	}
	l, err := join(c.g.Retr(c.ctx, &pb.RetrRequest{SessionId: c.session, MessageNumber: number}))
	err = c.message(strings.Repeat(fmt.Sprintf("RETR %d\r\n", number), 20), l, err)
	return c.answered(err, fmt.Sprintf("+OK %d RETR", number))
}

// answered makes an error of a wrong status line.
func (c *caller) answered(err error, want string) error {
	if err == nil && c.got != want {
		return fmt.Errorf("%w: %q, want %q", errWrong, c.got, want)
	}
	return err
}

// TestManyCallers has goroutines make all kinds of calls on one session at once. Each gets its own answer.
func TestManyCallers(t *testing.T) {
	const goroutines, calls = 8, 1000
	server := &echo{}
	r := newRig(t, nil, loopback(t))
	c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_PLAINTEXT}, serve: server.serve}
	from := r.add(t.Context(), c)
	if err := from.open(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range goroutines {
		all.Go(func() {
			own, random := *from, rand.New(rand.NewPCG(uint64(i), 1939))
			for range calls {
				if err := own.ask(random.IntN(6), random.Uint32N(1000)+1); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	from.over(t, c)
	if server.commands != goroutines*calls {
		t.Errorf("the server got %d commands, want %d", server.commands, goroutines*calls)
	}
}

// TestTurns has calls of all kinds wait behind one that runs. Half of them give up; the rest go out in the order in which they came.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		held := make(chan struct{})
		serve := func(conn net.Conn) error {
			defer conn.Close()
			io.WriteString(conn, "+OK\r\n")
			for in := bufio.NewReader(conn); ; {
				line, err := in.ReadString('\n')
				if err != nil {
					return nil
				}
				sent = append(sent, strings.TrimSpace(line))
				<-held
				io.WriteString(conn, "-ERR no\r\n")
			}
		}
		r := newRig(t, nil, pipes)
		c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_PLAINTEXT}, serve: serve}
		from := r.add(t.Context(), c)
		if err := from.open(); err != nil {
			t.Fatal(err)
		}
		waiting, want := 0, []string{"NOOP"}
		outcomes := make(chan error, len(columns())+1)
		first := *from
		go func() { outcomes <- first.noop() }()
		time.Sleep(settling)
		for i, col := range columns() {
			if strings.Contains(col.name, ",") || col.verb() == "QUIT" { // it has more than one command, or a memory
				continue
			}
			own := *from
			ctx, cancel := context.WithCancel(t.Context())
			own.ctx = ctx
			go func() { outcomes <- col.act.call(&own) }()
			synctest.Wait()
			if i%2 == 0 {
				cancel()
				wantFailure(t, col.name, <-outcomes, cancelled)
				continue
			}
			defer cancel()
			want = append(want, col.name)
			waiting++
		}
		for ; waiting < 16; waiting++ {
			own := *from
			go func() { outcomes <- own.noop() }()
			synctest.Wait()
			want = append(want, "NOOP")
		}
		r.wantFull(t, from)
		close(held)
		for range want {
			if err := <-outcomes; err == nil || errors.Is(err, errWrong) {
				t.Errorf("a call came to %v", err)
			}
		}
		from.over(t, c)
		if !slices.Equal(sent, want) {
			t.Errorf("sent %q, want %q", sent, want)
		}
	})
}

// wantFull tries each kind of call where the queue is full.
func (r *rig) wantFull(t *testing.T, from *caller) {
	t.Helper()
	full := failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil}
	for _, col := range columns() {
		err := col.act.call(from)
		wantFailure(t, col.name, err, full)
		if retry := detailOf[*errdetails.RetryInfo](err).GetRetryDelay().AsDuration(); retry != time.Second {
			t.Errorf("%s: retry after %v", col.name, retry)
		}
	}
}
