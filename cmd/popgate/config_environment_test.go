package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A variable that nothing reads stops the commands that take the settings of serve, before they do anything, and no other command.
func TestUnknownVariable(t *testing.T) {
	for variable, want := range map[string]string{
		"POPGATE_DRIAN=1s":                 "unknown variable POPGATE_DRIAN; did you mean POPGATE_DRAIN?",
		"POPGATE_TLS_CRT=cert.pem":         "unknown variable POPGATE_TLS_CRT; did you mean POPGATE_TLS_CERT?",
		"POPGATE_CONFG=popgate.yaml":       "unknown variable POPGATE_CONFG; did you mean POPGATE_CONFIG?",
		"POPGATE_ALLOW_TARGETS=10.0.0.0/8": "unknown variable POPGATE_ALLOW_TARGETS; did you mean POPGATE_ALLOW_TARGET?",
		"POPGATE_TLS_SERVERNAME=a.example": "unknown variable POPGATE_TLS_SERVERNAME; did you mean POPGATE_TLS_SERVER_NAME?",
		"POPGATE_PASSWROD=hidden":          "unknown variable POPGATE_PASSWROD; did you mean POPGATE_PASSWORD?",
		"POPGATE_max_age=1h":               "unknown variable POPGATE_max_age; did you mean POPGATE_MAX_AGE?",
		"POPGATE_COLOUR=red":               "unknown variable POPGATE_COLOUR",
		"POPGATE_=":                        "unknown variable POPGATE_",
		"POPGATE_PORT=9110":                "unknown variable POPGATE_PORT",
		"POPGATE_SERVICE=popgate":          "unknown variable POPGATE_SERVICE",
		"POPGATE_PORT_TCP=9110":            "unknown variable POPGATE_PORT_TCP",
	} {
		t.Run(variable, func(t *testing.T) {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
			for _, args := range []string{"serve --listen 127.0.0.1:99999", "config check", "config show"} {
				if out, err := command(t, strings.Fields(args)...); err == nil || err.Error() != want || out != "" {
					t.Errorf("%s: %v, want %s\n%s", args, err, want, out)
				}
			}
			if out, err := command(t, "version"); err != nil {
				t.Errorf("version: %v\n%s", err, out)
			}
		})
	}
}

// Kubernetes tells every pod of a namespace about its services, and a gateway starts all the same, with its own settings.
func TestVariablesOfKubernetes(t *testing.T) {
	for _, variable := range []string{
		"POPGATE_SERVICE_HOST=10.0.0.11", "POPGATE_SERVICE_PORT=9110", "POPGATE_SERVICE_PORT_GRPC=9110", "POPGATE_PORT=tcp://10.0.0.11:9110",
		"POPGATE_PORT_9110_TCP=tcp://10.0.0.11:9110", "POPGATE_PORT_9110_TCP_PROTO=tcp", "POPGATE_PORT_9110_TCP_PORT=9110",
		"POPGATE_PORT_9110_TCP_ADDR=10.0.0.11", "POPGATE_PORT_53_UDP=udp://[fd00::11]:53",
		"POPGATE_ADMIN_SERVICE_HOST=10.0.0.12", "POPGATE_ADMIN_PORT=tcp://10.0.0.12:9112", "POPGATE_ADMIN_PORT_9112_TCP_ADDR=10.0.0.12",
	} {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	if out, err := command(t, "config", "check"); err != nil || out != "ok\n" {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := command(t, "config", "show"); err != nil || strings.Contains(out, "# POPGATE_") {
		t.Errorf("%v\n%s", err, out)
	}
}

// What the sources, scripts, manifests and pages beside these tests name is refused nowhere, whatever reads it.
func TestVariablesOfTheSources(t *testing.T) {
	out, err := exec.Command("git", "-C", checkout, "grep", "--no-index", "--exclude-standard", "-ohIE", `POPGATE_[A-Z0-9_]*[A-Z0-9]`, "--", ".",
		":!cmd/popgate/config_environment_test.go", ":!cmd/popgate/testdata").Output()
	if err != nil {
		missing(t, err)
	}
	names := slices.Compact(slices.Sorted(strings.FieldsSeq(string(out))))
	if len(names) < 50 {
		t.Errorf("only %q", names)
	}
	for _, name := range names {
		if err := refuseUnknown(rootCommand(), []string{name + "=tcp://10.0.0.11:9110"}); err != nil {
			t.Error(err)
		}
	}
}
