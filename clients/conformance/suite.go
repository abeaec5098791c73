package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// suite is cases.yaml.
type suite struct {
	// Anchors are servers that cases share, by YAML's own means.
	Anchors any `yaml:"x-servers"`
	// Unreachable are the values of ErrorReason that no case brings about, and why.
	Unreachable map[string]string `yaml:"unreachable"`
	Cases       []*testCase       `yaml:"cases"`
}

// testCase is one thing that a client has to do. The driver has the client connect first.
type testCase struct {
	Name    string         `yaml:"name"`
	About   string         `yaml:"about"`
	Gateway gatewaySpec    `yaml:"gateway"`
	Connect map[string]any `yaml:"connect"` // in place of what connect would have
	// Fresh is a runner of its own, which the cases before have not touched.
	Fresh bool `yaml:"fresh"`
	// Distrusts says that the client may fail as soon as it connects, which ends the case.
	Distrusts bool                  `yaml:"distrusts"`
	Servers   map[string]serverSpec `yaml:"servers"`
	Steps     []step                `yaml:"steps"`
}

// step is one request to the runner, or one thing that the driver does or looks at.
type step struct {
	// Ask is a request; Want is matched with the answer, of which the paths of Save become variables.
	Ask  map[string]any    `yaml:"ask"`
	Want map[string]any    `yaml:"want"`
	Save map[string]string `yaml:"save"`
	// Until repeats the request until an answer has this key; only the last one is matched.
	Until string `yaml:"until"`
	// Login opens a session with this server and logs alice in, by calls; the variable session is its id.
	Login string `yaml:"login"`
	// Driver is what the driver does: release what is held, or drain the gateway.
	Driver string `yaml:"driver"`
	// Left says which messages are on each server, by their first numbers.
	Left map[string][]int `yaml:"left"`
	// Sent says how often each command has come to each server.
	Sent map[string]map[string]int `yaml:"sent"`
	// Echoed says that these methods came with the session header as the relay had given it out.
	Echoed []string `yaml:"echoed"`
	// Token is the bearer token that all calls came with through the relay.
	Token string `yaml:"token"`
}

// readSuite reads the cases and holds them to the contract: every RPC and every reason is there.
func readSuite(file string) (*suite, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the file that was asked for
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	s := new(suite)
	if err := decoder.Decode(s); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := errors.Join(s.checkNames(), s.checkMethods(), s.checkReasons()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func (s *suite) checkNames() error {
	seen := map[string]bool{}
	for _, c := range s.Cases {
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("case %q has no name of its own", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// services are those of the contract.
func services() []protoreflect.ServiceDescriptor {
	return []protoreflect.ServiceDescriptor{
		pb.File_popgate_v1_pop3_service_proto.Services().ByName("Pop3Service"),
		pb.File_popgate_v1_mailbox_service_proto.Services().ByName("MailboxService"),
	}
}

// methodOf finds a method by a name such as Pop3Service/Retr.
func methodOf(name string) (protoreflect.MethodDescriptor, error) {
	for _, service := range services() {
		if method, ok := strings.CutPrefix(name, string(service.Name())+"/"); ok {
			if m := service.Methods().ByName(protoreflect.Name(method)); m != nil {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("there is no method %q", name)
}

// checkMethods returns an error where a method of the contract is in no case, or one is that the contract has not.
func (s *suite) checkMethods() error {
	missing := map[string]bool{}
	for _, service := range services() {
		for i := range service.Methods().Len() {
			missing[string(service.Name())+"/"+string(service.Methods().Get(i).Name())] = true
		}
	}
	for _, c := range s.Cases {
		for _, step := range c.Steps {
			name, ok := step.Ask["method"].(string)
			if !ok {
				continue
			}
			if _, err := methodOf(name); err != nil {
				return fmt.Errorf("case %s: %w", c.Name, err)
			}
			if _, fails := step.Want["error"]; !fails {
				delete(missing, name)
			}
		}
	}
	return none("no case succeeds with", missing)
}

// checkReasons returns an error where a value of ErrorReason is neither in a case nor among the unreachable, or in both.
func (s *suite) checkReasons() error {
	missing := map[string]bool{}
	for number, name := range pb.ErrorReason_name {
		missing[strings.TrimPrefix(name, "ERROR_REASON_")] = number != 0
	}
	delete(missing, "UNSPECIFIED")
	wanted := map[string]bool{}
	for _, c := range s.Cases {
		for _, step := range c.Steps {
			if failure, ok := step.Want["error"].(map[string]any); ok {
				reason, _ := failure["reason"].(string)
				wanted[reason] = true
			}
		}
	}
	for reason, why := range s.Unreachable {
		if !missing[reason] || wanted[reason] || why == "" {
			return fmt.Errorf("unreachable: %s is no reason, or is in a case, or has no explanation", reason)
		}
		delete(missing, reason)
	}
	for reason := range wanted {
		delete(missing, reason)
	}
	return none("no case wants the reason", missing)
}

// none returns an error where a set is not empty.
func none(complaint string, set map[string]bool) error {
	if len(set) == 0 {
		return nil
	}
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Errorf("%s %s", complaint, strings.Join(names, ", "))
}
