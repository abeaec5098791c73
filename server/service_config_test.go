package server

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// clientsConfig returns what the packages in clients/ have their gRPC libraries repeat.
func clientsConfig(t *testing.T) string {
	t.Helper()
	config, err := os.ReadFile("../clients/service_config.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(config)
}

// TestServiceConfigMethods: it names the methods that the contract calls idempotent, and no other.
func TestServiceConfigMethods(t *testing.T) {
	var config struct {
		MethodConfig []struct {
			Name []struct {
				Service string `json:"service"`
				Method  string `json:"method"`
			} `json:"name"`
		} `json:"methodConfig"`
	}
	if err := json.Unmarshal([]byte(clientsConfig(t)), &config); err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, methods := range config.MethodConfig {
		for _, name := range methods.Name {
			got = append(got, "/"+name.Service+"/"+name.Method)
		}
	}
	for _, file := range []protoreflect.FileDescriptor{pb.File_popgate_v1_pop3_service_proto, pb.File_popgate_v1_mailbox_service_proto} {
		methods := file.Services().Get(0).Methods()
		for i := range methods.Len() {
			if name := pathOf(methods.Get(i)); isIdempotent(name) {
				want = append(want, name)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("clients/service_config.json names %q, the contract calls idempotent %q", got, want)
	}
}

// pathOf returns the name of a method as it goes over the wire.
func pathOf(method protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name())
}

// TestServiceConfig cuts a caller with the clients' service config off when its command has come to the server, twice: DELE, PASS, QUIT
// and whatever else does something is on the wire once. What is not repeated ends as the transport says; a repeated QUIT is answered.
func TestServiceConfig(t *testing.T) {
	for _, tt := range repeated {
		t.Run(fmt.Sprintf("%T", tt.req("")), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 2)
				p := newCutter(t, m, clientsConfig(t))
				o := p.callCutOff(t, m, tt.verb, tt.req)
				if isIdempotent(pathOf(methodOf(t, tt.req("")))) {
					if o.err != nil || len(o.replies) == 0 {
						t.Error(o.err)
					}
				} else if status.Code(o.err) != codes.Unavailable || infoOf(o.err) != nil {
					t.Errorf("got %v, want the transport's UNAVAILABLE", o.err)
				}
				if n := m.sent(tt.verb); n != tt.sent {
					t.Errorf("%d %s were sent, want %d", n, tt.verb, tt.sent)
				}
				if tt.verb == "QUIT" && !o.replies[0].(*pb.QuitResponse).GetReplayed() {
					t.Errorf("%v", o.replies)
				}
			})
		})
	}
}
