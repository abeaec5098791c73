package server

import (
	"context"
	"errors"
	"strings"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// durations are buckets for what takes a millisecond or, as a stream of a large message does, hours. In seconds.
var durations = []float64{0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600}

// counters are what a Server counts. No label has a value that a caller or a POP3 server chooses: docs/observability.md lists all.
type counters struct {
	calls *grpcprom.ServerMetrics

	sessions       *prometheus.GaugeVec
	ended          *prometheus.CounterVec
	jobs           prometheus.Gauge
	connects       *prometheus.CounterVec
	connectSeconds prometheus.Histogram
	commands       *prometheus.CounterVec
	commandSeconds *prometheus.HistogramVec
	octets         *prometheus.CounterVec
	logins         *prometheus.CounterVec
	commits        *prometheus.CounterVec
	waiting        *prometheus.GaugeVec
	waitSeconds    *prometheus.HistogramVec
	resetRefusals  prometheus.Counter
	auditErrors    prometheus.Counter
	reloads        *prometheus.CounterVec
	reloaded       *prometheus.GaugeVec
}

func newMetrics() *counters {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: durations}, labels)
	}
	m := &counters{
		calls:          grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram(grpcprom.WithHistogramBuckets(durations))),
		sessions:       gauge("pop3_sessions", "Sessions of Pop3Service that live, by the state of their connection.", "state"),
		ended:          counter("pop3_sessions_ended_total", "Sessions of Pop3Service that have ended, by cause.", "cause"),
		jobs:           prometheus.NewGauge(prometheus.GaugeOpts{Name: "pop3_jobs", Help: "Calls of MailboxService at work, those that wait left out."}),
		connects:       counter("pop3_connects_total", "TCP connections to POP3 servers that were tried, by result.", "result"),
		connectSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "pop3_connect_duration_seconds", Help: "Time to connect, the look-up of the name included.", Buckets: durations}),
		commands:       counter("pop3_commands_total", "POP3 commands, by result; greetings and TLS handshakes are counted with them.", "command", "result"),
		commandSeconds: histogram("pop3_command_duration_seconds", "Time from a POP3 command to the end of its reply.", "command"),
		octets:         counter("pop3_octets_total", "Octets on connections to POP3 servers, inside of TLS, counted when the command is over.", "direction"),
		logins:         counter("pop3_logins_total", "Logins, by result.", "result"),
		commits:        counter("pop3_commits_total", "What became of marked messages, by outcome of QUIT.", "outcome"),
		waiting:        gauge("pop3_waiting_calls", "Calls that wait for their turn.", "queue"),
		waitSeconds:    histogram("pop3_wait_duration_seconds", "How long calls waited for their turn.", "queue"),
		resetRefusals:  prometheus.NewCounter(prometheus.CounterOpts{Name: "pop3_reset_refusals_total", Help: "Calls refused before they began, since their caller had reset too many."}),
		auditErrors:    prometheus.NewCounter(prometheus.CounterOpts{Name: "pop3_audit_write_errors_total", Help: "Events that could not be written to the audit log."}),
		reloads:        counter("pop3_reloads_total", "Attempts to read certificates or configuration anew, or to open the audit log anew.", "what", "result"),
		reloaded:       gauge("pop3_last_reload_successful", "Whether the last attempt succeeded.", "what"),
	}
	// What alerts ask for is there from the start: the first of its kind has to be seen as one more.
	for _, outcome := range []pop3.Outcome{pop3.NotCommitted, pop3.Committed, pop3.NothingMarked, pop3.Partial, pop3.Unknown} {
		m.commits.WithLabelValues(strings.ToLower(outcome.String()))
	}
	for _, state := range []string{stateAuthorization, stateTransaction} {
		m.sessions.WithLabelValues(state)
	}
	for _, queue := range []string{queueSession, queueMailbox} {
		m.waiting.WithLabelValues(queue)
	}
	return m
}

// gatherer returns what reads all metrics of a server, and of its process.
func (m *counters) gatherer(s *Server) *prometheus.Registry {
	draining := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "pop3_draining", Help: "Whether the gateway lets nothing new in."}, func() float64 {
		if s.Ready() {
			return 0
		}
		return 1
	})
	r := prometheus.NewRegistry()
	r.MustRegister(append(m.own(), m.calls, draining,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())...)
	m.calls.InitializeMetrics(s.grpc)
	return r
}

// own are the metrics that are not gRPC's.
func (m *counters) own() []prometheus.Collector {
	return []prometheus.Collector{
		m.sessions, m.ended, m.jobs, m.connects, m.connectSeconds, m.commands, m.commandSeconds, m.octets, m.logins, m.commits,
		m.waiting, m.waitSeconds, m.resetRefusals, m.auditErrors, m.reloads, m.reloaded,
	}
}

// measured counts calls.
func (s *Server) measured() step {
	m := s.registry.observer.metrics.calls
	return step{m.UnaryServerInterceptor(), m.StreamServerInterceptor()}
}

// Metrics returns what reads the metrics of the gateway and of its process.
func (s *Server) Metrics() prometheus.Gatherer { return s.gatherer }

// Ready reports whether new sessions are let in: it is false once Shutdown has begun.
func (s *Server) Ready() bool { return s.registry.entry.Err() == nil }

// Reload is what can be read anew while a Server runs.
type Reload string

// What is read anew.
const (
	ReloadCallers       Reload = "callers"       // the files of callers: certificate, key and CAs, tokens and roles
	ReloadConfiguration Reload = "configuration" // the file of the configuration
	ReloadAuditLog      Reload = "audit_log"     // the file of the audit log, which is opened anew
)

// Reloaded counts an attempt to read something anew; err is nil where it succeeded.
func (s *Server) Reloaded(what Reload, err error) {
	m, result, success := s.registry.observer.metrics, resultOK, 1.0
	if err != nil {
		result, success = "failed", 0
	}
	m.reloads.WithLabelValues(string(what), result).Inc()
	m.reloaded.WithLabelValues(string(what)).Set(success)
}

const resultOK = "ok"

// resultOf names how a command ended.
func resultOf(err error) string {
	if broken, ok := errors.AsType[*pop3.BrokenError](err); ok {
		return strings.ReplaceAll(broken.Cause.String(), " ", "_")
	}
	if _, ok := errors.AsType[*pop3.RefusedError](err); ok {
		return "refused"
	}
	if err != nil {
		return "cancelled"
	}
	return resultOK
}

// loginResult names how a login ended: a refusal by its reason.
func loginResult(err error) string {
	if refused, ok := errors.AsType[*pop3.RefusedError](err); ok {
		_, reason, _ := ofCode(refused)
		return strings.ToLower(reasonName(reason))
	}
	return resultOf(err)
}

// connectResult names how an attempt to connect ended.
func connectResult(err error) string {
	switch {
	case err == nil:
		return resultOK
	case errors.Is(err, errNotAllowed):
		return "not_allowed"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return strings.ToLower(causeName(dialCause(&pop3.DialError{Err: err})))
}

func reasonName(reason pb.ErrorReason) string {
	return strings.TrimPrefix(reason.String(), "ERROR_REASON_")
}
