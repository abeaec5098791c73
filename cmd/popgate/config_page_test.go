package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestConfigurationPage keeps docs/configuration.md what the flags say: `go test ./cmd/popgate -run ConfigurationPage -update`.
func TestConfigurationPage(t *testing.T) {
	var c serveConfig
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	serveFlags(flags, &c)
	var page strings.Builder
	page.WriteString(configurationHead)
	flags.VisitAll(func(f *pflag.Flag) { page.WriteString(configurationRow(f)) })
	file := filepath.Join(checkout, "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != page.String() {
		t.Errorf("docs/configuration.md is not what the flags say (%v): run this test with -update", err)
	}
}

func configurationRow(f *pflag.Flag) string {
	kind, usage := pflag.UnquoteUsage(f)
	switch {
	case f.Value.Type() == "bool":
		kind = "true or false"
	case isList(f):
		kind = "list of " + kind
	}
	value := f.DefValue
	if m := defaultInUsage.FindStringSubmatch(usage); m != nil {
		value, usage = m[1], strings.TrimSuffix(usage, m[0])
	}
	if value != "" {
		value = "`" + value + "`"
	}
	key, change := "`"+f.Name+"`", "restart"
	switch {
	case slices.Contains(atHangup, f.Name):
		change = "SIGHUP"
	case slices.Contains([]string{"tls-cert", "tls-key", "tls-client-ca", "callers"}, f.Name):
		change = "restart; new content of the file: nothing"
	case !isSetting(f):
		key = "none"
	}
	return fmt.Sprintf("| %s | `%s` | `--%s` | %s | %s | %s | %s |\n", key, variableOf(f.Name), f.Name, kind, value, strings.ReplaceAll(usage, "|", `\|`), change)
}

var configurationHead = strings.ReplaceAll(`# The settings of popgate serve

A setting is a key of the YAML file that '--config' names, an environment variable, or a flag. A flag is stronger than its variable, and a
variable than the file. A list is a YAML list in the file, and values with commas between them in a variable. A duration is a number and
its unit, such as '90s', '5m' or '1h30m'. Secrets do not stand in the file: it names the files that hold them.

An unknown key of the file is refused, and so are a key that stands there twice and a value that does not fit; the error tells the line.
'popgate config check' finds what serve would refuse, without listening; 'popgate config show' tells each value and where it comes from.

An unknown variable that begins with 'POPGATE_' is refused, too, with the nearest known one. Those of the other commands are known, and
mean nothing here. Not refused either are the variables that Kubernetes sets in every pod beside a Service whose name is 'popgate' or begins
with 'popgate-': 'POPGATE_SERVICE_HOST', 'POPGATE_SERVICE_PORT_GRPC', 'POPGATE_PORT_9110_TCP_ADDR' and their like, and 'POPGATE_PORT' where its
value is a URL. They set nothing. 'enableServiceLinks: false', as in [deploy/kubernetes](../deploy/kubernetes), keeps them out of the pod.

SIGHUP reads the file anew. The last column says which settings are then in force; the log names the others that have changed and need a
restart. A file that serve would refuse changes nothing. Certificates, keys, CAs and callers are read anew when their files change,
within 5 seconds, and at SIGHUP, which opens the file of the audit log anew, too. 'pop3_reloads_total' counts all that. Variables and flags
stay what they were at the start. With
[deploy/popgate.service](../deploy/popgate.service), 'systemctl reload popgate' sends SIGHUP; what came of it is in the log.

| key | variable | flag | type | default | meaning | a change needs |
| --- | --- | --- | --- | --- | --- | --- |
`, "'", "`")
