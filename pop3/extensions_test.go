package pop3_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// TestExtensions: what capabilities mean, as servers write them.
func TestExtensions(t *testing.T) {
	for name, tt := range map[string]struct {
		lines string
		want  pop3.Extensions
	}{
		"RFC 2449": {"TOP/USER/SASL CRAM-MD5 KERBEROS_V4/UIDL/RESP-CODES/LOGIN-DELAY 900/PIPELINING/EXPIRE 60/IMPLEMENTATION Shlemazle-Plotz-v302", pop3.Extensions{
			Top: true, User: true, SASL: []string{"CRAM-MD5", "KERBEROS_V4"}, Uidl: true, RespCodes: true, Pipelining: true,
			LoginDelay: 15 * time.Minute, Expire: &pop3.Expire{Days: 60}, Implementation: "Shlemazle-Plotz-v302",
		}},
		"RFC 6856, 3206, 2595": {"UTF8 USER/LANG/AUTH-RESP-CODE/STLS", pop3.Extensions{Utf8: true, Utf8User: true, Lang: true, AuthRespCode: true, Stls: true}},
		"letter case, spaces": {"utf8/expire  never  user/login-delay 0 user/sasl plain  Login/implementation  a b ", pop3.Extensions{
			Utf8: true, Expire: &pop3.Expire{Never: true, ByUser: true}, LoginDelayByUser: true, SASL: []string{"PLAIN", "LOGIN"}, Implementation: "a b",
		}},
		"the greatest of all users":   {"LOGIN-DELAY 300 USER/EXPIRE 0 USER", pop3.Extensions{LoginDelay: 5 * time.Minute, LoginDelayByUser: true, Expire: &pop3.Expire{ByUser: true}}},
		"GNU Mailutils":               {"EXPIRENEVER/IMPLEMENTATION GNU Mailutils 3.15", pop3.Extensions{Expire: &pop3.Expire{Never: true}, Implementation: "GNU Mailutils 3.15"}},
		"Twisted":                     {"PIPELINE CELERITY AUSPEX POTENCE", pop3.Extensions{}},
		"octets of any kind":          {"sasl x\\xff/implementation \\xff", pop3.Extensions{SASL: []string{"X\xff"}, Implementation: "\xff"}},
		"nothing said":                {"SASL/LOGIN-DELAY/EXPIRE/IMPLEMENTATION//.", pop3.Extensions{}},
		"numbers that are none":       {"LOGIN-DELAY -1/EXPIRE -1/LOGIN-DELAY soon/EXPIRE 1.5", pop3.Extensions{}},
		"numbers beyond all measure":  {"LOGIN-DELAY 99999999999999999999/EXPIRE 4294967296/LOGIN-DELAY 2147483648", pop3.Extensions{}},
		"twice: SASL adds, last wins": {"SASL PLAIN/SASL LOGIN/EXPIRE 1/EXPIRE 2", pop3.Extensions{SASL: []string{"PLAIN", "LOGIN"}, Expire: &pop3.Expire{Days: 2}}},
	} {
		script := "S: +OK\nC: CAPA\nS: +OK\nS: " + strings.ReplaceAll(strings.ReplaceAll(tt.lines, "/.", "/.."), "/", "\nS: ") + "\nS: .\n"
		play(t, name, script, nil, func(t *testing.T, c *pop3.Client) {
			capabilities, _, err := c.Capa(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := pop3.ExtensionsOf(capabilities); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}
