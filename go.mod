module github.com/popgate/popgate

go 1.26.0

toolchain go1.26.4

// Packages of npm have Go files too.
ignore node_modules

tool (
	google.golang.org/grpc/cmd/protoc-gen-go-grpc
	google.golang.org/protobuf/cmd/protoc-gen-go
)

require (
	github.com/agnivade/levenshtein v1.2.2 // the command: the key that is meant by one with a slip in it
	github.com/coreos/go-systemd/v22 v22.7.0 // the command: sockets of systemd, and READY
	github.com/emersion/go-message v0.18.2 // the fields of a header, decoded, in ListMessages
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // SASL mechanisms of Auth
	github.com/go-jose/go-jose/v4 v4.1.9 // JSON Web Tokens of callers, and the key sets that verify them
	github.com/gofrs/flock v0.13.2 // the command: one fetch at a time into a folder, on every system
	github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus v1.1.1 // grpc_server_* metrics
	github.com/grpc-ecosystem/go-grpc-middleware/v2 v2.3.4 // logging, recovery and selection in the interceptor chain
	github.com/prometheus/client_golang v1.25.0 // pop3_* metrics and /metrics
	github.com/prometheus/client_model v0.6.3 // tests: what a scrape returns
	github.com/rivo/uniseg v0.4.7 // the command: how wide text is on a terminal
	github.com/rogpeppe/go-internal v1.16.0 // tests: testscript for the command
	github.com/schollz/progressbar/v3 v3.19.1 // the command: how far fetch is, how fast, and how long it takes yet
	github.com/spf13/cobra v1.10.2 // the command: flags, help, completion, man pages
	github.com/spf13/pflag v1.0.9 // cobra's flags, to set them from POPGATE_* too
	github.com/xdg-go/scram v1.4.0 // SCRAM, with channel bindings
	github.com/xdg-go/stringprep v1.0.4 // SASLprep, which RFC 6856 asks for with APOP
	go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc v0.72.0 // a span a call
	go.opentelemetry.io/otel v1.47.0 // attributes of the spans of POP3 commands
	go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc v1.47.0 // the command: to a collector, by OTLP; autoexport would bring 20 modules more for exporters that nobody asked for
	go.opentelemetry.io/otel/metric v1.47.0 // to switch otelgrpc's metrics off: Prometheus has them
	go.opentelemetry.io/otel/sdk v1.47.0 // the command: spans are sent in batches
	go.opentelemetry.io/otel/trace v1.47.0 // a span a POP3 command
	go.uber.org/goleak v1.3.0 // tests: no goroutine is left
	go.yaml.in/yaml/v3 v3.0.5 // the file of callers, and the cases of clients/conformance
	golang.org/x/net v0.62.0 // netutil: the limit of callers' connections; proxy: SOCKS5
	golang.org/x/sync v0.25.0 // semaphore: the calls of a session queue in order of arrival
	golang.org/x/term v0.48.0 // the command: whether and how wide a terminal is, a password that is not shown, and the line editor of the shell
	golang.org/x/time v0.16.0 // rate: calls, logins and octets a second
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260928230214-8a89bd6388cc // google.rpc error details
	google.golang.org/grpc v1.85.0 // the service
	google.golang.org/protobuf v1.36.12 // its messages
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/cpuguy83/go-md2man/v2 v2.0.6 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/grpc-ecosystem/grpc-gateway/v2 v2.30.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/russross/blackfriday/v2 v2.1.0 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlptrace v1.47.0 // indirect
	go.opentelemetry.io/otel/log v1.47.0 // indirect
	go.opentelemetry.io/proto/otlp v1.11.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260928230214-8a89bd6388cc // indirect
	google.golang.org/grpc/cmd/protoc-gen-go-grpc v1.6.2 // indirect
)
