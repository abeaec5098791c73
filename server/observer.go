package server

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// observer is where a Server tells of what it does: metrics, spans, the dialogue in the log, and the audit log.
type observer struct {
	log     *slog.Logger
	audit   *slog.Logger // nil: none
	losses  auditLosses
	tracer  trace.Tracer // nil: none
	metrics *counters
	links   atomic.Uint64
}

func newObserver(config Config) *observer {
	o := &observer{log: config.Log, audit: config.Audit, metrics: newMetrics()}
	if config.Tracing != nil {
		o.tracer = config.Tracing.Tracer(tracerName)
	}
	return o
}

// Queues that calls wait in.
const (
	queueSession = "session" // of one session
	queueMailbox = "mailbox" // of MailboxService: for the mailbox, a place at the host, and a login
)

// waits tells that a call waits, until the function is called that it returns.
func (o *observer) waits(queue string) (over func()) {
	begun, waiting := time.Now(), o.metrics.waiting.WithLabelValues(queue)
	waiting.Inc()
	return func() {
		waiting.Dec()
		o.metrics.waitSeconds.WithLabelValues(queue).Observe(time.Since(begun).Seconds())
	}
}

// works tells that a call of MailboxService is at work, until the function is called that it returns.
func (o *observer) works() (over func()) {
	o.metrics.jobs.Inc()
	return o.metrics.jobs.Dec
}

// States of sessions in the metrics.
const (
	stateAuthorization = "authorization"
	stateTransaction   = "transaction"
)

// link is a connection to a POP3 server, as it is observed.
type link struct {
	*observer

	number uint64 // of this process: session ids are secrets
	host   string
	job    bool // of MailboxService: the audit log is told of commands, else of calls
	trace  *pop3.Trace
	logged bool // the dialogue goes into the log
	tell   func(pop3.Event)

	mu    sync.Mutex
	level int    // of what tell wants
	state string // "" before and after the session's life
	user  string // whose login it is, as far as it is known
}

// link returns a connection that is yet to be made. tell is told the dialogue as far as watch says; nil is nobody.
func (o *observer) link(host string, job bool, tell func(pop3.Event)) *link {
	l := &link{observer: o, number: o.links.Add(1), host: escapeShort(host), job: job, tell: tell}
	l.logged = o.log != nil && o.log.Enabled(context.Background(), slog.LevelDebug)
	l.trace = pop3.NewTrace(l.line)
	l.watch(pop3.TraceNothing)
	return l
}

// watch sets what tell is told.
func (l *link) watch(level int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.level = level
	if l.logged {
		level = max(level, pop3.TraceReplies)
	}
	l.trace.SetLevel(level)
}

// line passes a line of the dialogue on. Lines of messages and listings are not for the log.
func (l *link) line(e pop3.Event) {
	l.mu.Lock()
	level := l.level
	l.mu.Unlock()
	if l.tell != nil && e.Level <= level {
		l.tell(e)
	}
	if l.logged && e.Level <= pop3.TraceReplies {
		direction := "received"
		if e.Sent {
			direction = "sent"
		}
		l.log.Debug("dialogue", "connection", l.number, "target", l.host, "direction", direction, "line", escape(e.Line))
	}
}

// dial tells of every attempt to connect.
func (l *link) dial(connect func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		begun := time.Now()
		conn, err := connect(ctx, network, address)
		result := connectResult(err)
		l.metrics.connects.WithLabelValues(result).Inc()
		l.metrics.connectSeconds.Observe(time.Since(begun).Seconds())
		l.span(ctx, "connect", result, pop3.Done{Begun: begun, Ended: time.Now(), Err: err})
		if l.job {
			l.auditCommand(ctx, auditEvent{event: "open", result: strings.ToUpper(result)})
		}
		return conn, err
	}
}

// done tells of a command that is over.
func (l *link) done(ctx context.Context, d pop3.Done) {
	name, result, m := d.Command, resultOf(d.Err), l.metrics
	if name == "" {
		name = "greeting"
	}
	m.commands.WithLabelValues(name, result).Inc()
	m.commandSeconds.WithLabelValues(name).Observe(d.Ended.Sub(d.Begun).Seconds())
	m.octets.WithLabelValues("sent").Add(float64(d.Sent))
	m.octets.WithLabelValues("received").Add(float64(d.Received))
	l.span(ctx, name, result, d)
	switch name {
	case "USER":
		l.names(ctx)
	case "PASS", "APOP", "RPOP", "AUTH":
		m.logins.WithLabelValues(loginResult(d.Err)).Inc()
		l.names(ctx)
		if d.Err == nil {
			l.moves(stateTransaction)
		}
		if l.job {
			l.auditCommand(ctx, auditEvent{event: "login", result: strings.ToUpper(loginResult(d.Err))})
		}
	case "DELE":
		if l.job {
			l.auditCommand(ctx, auditEvent{event: "dele", result: strings.ToUpper(result), number: d.Number})
		}
	case "QUIT":
		m.commits.WithLabelValues(strings.ToLower(d.Outcome.String())).Inc()
		if l.job {
			l.auditCommand(ctx, auditEvent{event: "quit", result: strings.ToUpper(result), outcome: d.Outcome.String()})
		}
	}
}

// names keeps the user that a call names.
func (l *link) names(ctx context.Context) {
	c := accountOf(ctx)
	c.mu.Lock()
	user := c.user
	c.mu.Unlock()
	if user != "" {
		l.mu.Lock()
		l.user = user
		l.mu.Unlock()
	}
}

// named returns the user that the last call named.
func (l *link) named() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.user
}

// opened tells that the session lives.
func (l *link) opened() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = stateAuthorization
	l.metrics.sessions.WithLabelValues(l.state).Inc()
}

// moves tells that the session has another state, if it lives.
func (l *link) moves(state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != "" {
		l.metrics.sessions.WithLabelValues(l.state).Dec()
		l.state = state
		l.metrics.sessions.WithLabelValues(l.state).Inc()
	}
}

// closed tells that the session has ended.
func (l *link) closed(cause pb.Cause) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != "" {
		l.metrics.sessions.WithLabelValues(l.state).Dec()
		l.state = ""
		l.metrics.ended.WithLabelValues(strings.ToLower(causeName(cause))).Inc()
	}
}
