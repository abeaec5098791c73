package server

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

var (
	unknownCaller   = failure{codes.Unauthenticated, "CALLER_UNAUTHENTICATED", map[string]string{}}
	forbiddenCaller = failure{codes.PermissionDenied, "CALLER_NOT_PERMITTED", map[string]string{}}
)

// registered returns the full names of all methods of a gateway, whether the contract has them or not.
func registered(t testing.TB, s *Server) []string {
	t.Helper()
	var all []string
	for service, info := range s.grpc.GetServiceInfo() {
		for _, method := range info.Methods {
			all = append(all, "/"+service+"/"+method.Name)
		}
	}
	if len(all) < 30 {
		t.Fatalf("only %d methods", len(all))
	}
	slices.Sort(all)
	return all
}

// callAny makes a call with an empty request, which every method takes, and returns how it ended.
func callAny(ctx context.Context, conn *grpc.ClientConn, method string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	if err != nil {
		return err
	}
	// Where sending fails, receiving says why.
	_ = stream.SendMsg(&pb.NoopRequest{})
	_ = stream.CloseSend()
	return stream.RecvMsg(&pb.NoopResponse{})
}

// TestEveryMethodNeedsARule walks over all that is registered, unary and streaming, reflection too: without credentials, and with those
// of a caller that no rule permits anything, nothing but health is reached.
func TestEveryMethodNeedsARule(t *testing.T) {
	keys := newIssuer(t)
	g := newGuarded(t, func(c *Config) {
		c.dial = newMailbox(t, 0).dialPipe
		c.Callers = callersOf(t, testRoles+jwtSection+"callers:\n"+entryOf("nobody", "none", "poor")+entryOf("somebody", "all", "rich")+
			"  - {name: nobody, role: none, certificate: 'dns:none.test'}\n  - {name: nobody, role: none, jwt-subject: none}\n", keys)
	})
	plain := newGateway(t, func(c *Config) { // tokens alone
		c.Callers = callersOf(t, testRoles+"callers:\n"+entryOf("nobody", "none", "poor"), nil)
	})
	nobody := t.Context()
	for name, tt := range map[string]struct {
		conn *grpc.ClientConn
		ctx  context.Context
		want failure
	}{
		"plaintext, nothing shown":        {plain.conn, nobody, unknownCaller},
		"plaintext, a wrong token":        {plain.conn, withToken(nobody, "wrong"), unknownCaller},
		"plaintext, no rule":              {plain.conn, withToken(nobody, "poor"), forbiddenCaller},
		"nothing shown":                   {g.as(t), nobody, unknownCaller},
		"a wrong token":                   {g.as(t), withToken(nobody, "wrong"), unknownCaller},
		"a wrong token, a certificate":    {g.named(t, "none.test"), withToken(nobody, "wrong"), unknownCaller},
		"a token without a rule":          {g.as(t), withToken(nobody, "poor"), forbiddenCaller},
		"a certificate without a rule":    {g.named(t, "none.test"), nobody, forbiddenCaller},
		"a certificate without an entry":  {g.named(t, "stranger.test"), nobody, forbiddenCaller},
		"a JWT without a rule":            {g.as(t), withToken(nobody, keys.sign(t, goodClaims(map[string]any{"sub": "none"}))), forbiddenCaller},
		"a JWT of somebody without entry": {g.as(t), withToken(nobody, keys.sign(t, goodClaims(nil))), forbiddenCaller},
	} {
		for _, method := range registered(t, g.Server) {
			if strings.HasPrefix(method, "/grpc.health.v1.Health/") {
				continue
			}
			wantFailure(t, name+": "+method, callAny(tt.ctx, tt.conn, method), tt.want)
		}
		if err := callAny(tt.ctx, tt.conn, "/grpc.health.v1.Health/Check"); err != nil {
			t.Errorf("%s: health: %v", name, err)
		}
	}
	for _, method := range registered(t, g.Server) { // the same calls do reach the handlers
		err := callAny(withToken(nobody, "rich"), g.as(t), method)
		if unknownCaller.check(err) == "" || forbiddenCaller.check(err) == "" {
			t.Errorf("permitted: %s: %v", method, err)
		}
	}
}

// TestRules: a rule opens the methods that it names, and no other.
func TestRules(t *testing.T) {
	for rule, opens := range map[string]func(method string) bool{
		"Pop3Service":                     func(m string) bool { return strings.HasPrefix(m, "/popgate.v1.Pop3Service/") },
		"MailboxService/FetchMessages":    func(m string) bool { return m == "/popgate.v1.MailboxService/FetchMessages" },
		"Pop3Service/Retr":                func(m string) bool { return m == "/popgate.v1.Pop3Service/Retr" },
		"ServerReflection":                func(m string) bool { return strings.HasPrefix(m, "/grpc.reflection.") },
		"*":                               func(string) bool { return true },
		"Pop3Service/Quit, Pop3Service/R": nil, "pop3service": nil, "Pop3Service/": nil, "Pop3Service/*": nil, "": nil,
		"popgate.v1.Pop3Service": nil, "MailboxService/Retr": nil,
	} {
		callers := callersOf(t, fmt.Sprintf("roles: {r: {methods: [%q]}}\ncallers:\n", rule)+entryOf("a", "r", "token"), nil)
		s, err := New(Config{Callers: callers})
		if opens == nil {
			if err == nil {
				t.Errorf("%q is taken for a rule", rule)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range registered(t, s) {
			if got := callers.roles["r"].permits(method); got != opens(method) {
				t.Errorf("%q: %s: %v", rule, method, got)
			}
		}
	}
}

// TestTokens: only the token itself, in the one form there is, lets its caller in.
func TestTokens(t *testing.T) {
	token, digest := NewToken()
	if digest != digestOf(token) || len(token) != len("popgate_")+43 {
		t.Errorf("%d octets, %s", len(token), digest)
	}
	g := newGateway(t, func(c *Config) {
		c.Callers = callersOf(t, testRoles+"callers:\n"+entryOf("alice", "all", token)+
			fmt.Sprintf("  - {name: bob, role: all, token-sha256: %s, expires: 2020-01-01}\n", digestOf("old")), nil)
	})
	refused := []string{
		"", token, "Bearer", "Bearer ", "Bearer  " + token, "Bearer " + token + " ", "Bearer " + token[1:], "Bearer " + strings.ToLower(token),
		"Basic " + token, "Bearer " + digest, "Bearer old", "Bearer " + token + "," + token,
	}
	for i := range token {
		refused = append(refused, "Bearer "+token[:i]+"~"+token[i+1:])
	}
	for _, header := range refused {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", header)
		wantFailure(t, header, g.noopAs(ctx), unknownCaller)
	}
	twice := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token, "authorization", "Bearer "+token)
	wantFailure(t, "two headers", g.noopAs(twice), unknownCaller)
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER "} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", scheme+token)
		wantFailure(t, scheme, g.noopAs(ctx), failure{codes.NotFound, "SESSION_NOT_FOUND", nil})
	}
}

// noopAs names a session that is not there: whoever gets to hear that has been let in.
func (g *gateway) noopAs(ctx context.Context) error {
	_, err := g.Noop(ctx, &pb.NoopRequest{SessionId: "popgate.none"})
	return err
}

// TestJWT: a token is accepted only from the issuer, for this audience, in time, and signed by a public key of the set.
func TestJWT(t *testing.T) {
	keys, other := newIssuer(t), newIssuer(t)
	g := newGateway(t, func(c *Config) {
		c.Callers = callersOf(t, testRoles+jwtSection+"callers:\n  - {name: a, role: all, jwt-subject: backend}\n", keys)
	})
	set, err := keys.set()
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(keys.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	good := keys.sign(t, goodClaims(nil))
	parts := strings.Split(good, ".")
	refused := map[string]string{
		"another issuer":     keys.sign(t, goodClaims(map[string]any{"iss": "https://issuer.test/"})),
		"no issuer":          keys.sign(t, goodClaims(map[string]any{"iss": nil})),
		"another audience":   keys.sign(t, goodClaims(map[string]any{"aud": []string{"other"}})),
		"no audience":        keys.sign(t, goodClaims(map[string]any{"aud": nil})),
		"no end":             keys.sign(t, goodClaims(map[string]any{"exp": nil})),
		"over":               keys.sign(t, goodClaims(map[string]any{"exp": time.Now().Add(-time.Second).Unix()})),
		"not yet":            keys.sign(t, goodClaims(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})),
		"from the future":    keys.sign(t, goodClaims(map[string]any{"iat": time.Now().Add(time.Hour).Unix()})),
		"no subject":         keys.sign(t, goodClaims(map[string]any{"sub": nil})),
		"another's key":      signBy(t, jose.ES256, jose.JSONWebKey{Key: other.key, KeyID: keys.kid}, goodClaims(nil)),
		"an unknown kid":     signBy(t, jose.ES256, jose.JSONWebKey{Key: keys.key, KeyID: "second"}, goodClaims(nil)),
		"no kid":             signBy(t, jose.ES256, keys.key, goodClaims(nil)),
		"HMAC by the set":    signBy(t, jose.HS256, jose.JSONWebKey{Key: set, KeyID: keys.kid}, goodClaims(nil)),
		"HMAC by the key":    signBy(t, jose.HS256, jose.JSONWebKey{Key: public, KeyID: keys.kid}, goodClaims(nil)),
		"no signature":       parts[0] + "." + parts[1] + ".",
		"the algorithm none": "eyJhbGciOiJub25lIiwia2lkIjoiZmlyc3QifQ." + parts[1] + ".",
		"another payload":    parts[0] + "." + strings.Split(keys.sign(t, goodClaims(map[string]any{"sub": "root"})), ".")[1] + "." + parts[2],
		"no JWT":             "a.b.c",
	}
	for name, token := range refused {
		wantFailure(t, name, g.noopAs(withToken(t.Context(), token)), unknownCaller)
	}
	letIn := failure{codes.NotFound, "SESSION_NOT_FOUND", nil}
	wantFailure(t, "good", g.noopAs(withToken(t.Context(), good)), letIn)
	several := keys.sign(t, goodClaims(map[string]any{"aud": []string{"other", "popgate"}}))
	wantFailure(t, "several audiences", g.noopAs(withToken(t.Context(), several)), letIn)
}

// TestCallersFile: what is wrong in the file is refused with the place, and without a credential.
func TestCallersFile(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip(err) // where Go does not make such keys any more, it does not take them either
	}
	keys := newIssuer(t)
	secret, small, nameless := *keys, *keys, *keys
	secret.publish, small.publish, nameless.kid = keys.key, weak.Public(), ""
	symmetric := *keys
	symmetric.publish = []byte("0123456789abcdef0123456789abcdef")
	const canary = "popgate_canary-canary-canary-canary-canary-canary1"
	entry := "callers:\n" + entryOf("a", "all", "x")
	subject := "callers:\n  - {name: a, role: all, jwt-subject: s}\n"
	for _, tt := range []struct {
		text, want string
		keys       *issuer
	}{
		{"", "no callers", nil},
		{"callers: []", "no callers", nil},
		{testRoles + "callers:\n", "no callers", nil},
		{testRoles + "caller: []\n" + entry, `there is no key "caller"`, nil},
		{testRoles + "callers:\n  - {name: a, rolle: all}\n", `there is no key "rolle"`, nil},
		{testRoles + "roles: {}\n" + entry, "already defined", nil},
		{testRoles + entry + "---\n" + entry, "more than one", nil},
		{"callers:\n" + entryOf("a", "admin", "x"), `caller a: there is no role "admin"`, nil},
		{testRoles + "callers:\n" + entryOf("a", "''", "x"), `there is no role ""`, nil},
		{testRoles + "callers:\n  - {role: all, certificate: 'dns:a'}\n", "caller 1 has no name", nil},
		{testRoles + "callers:\n  - \n", "caller 1 has no name", nil},
		{testRoles + "callers:\n" + entryOf("a", "all", "x") + entryOf("b", "all", "x"), "caller b: the same credential", nil},
		{testRoles + "callers:\n" + entryOf("a", "all", "x") + entryOf("a", "none", "y"), "caller a has two roles", nil},
		{testRoles + "callers:\n  - {name: a, role: all}\n", "one of token-sha256, certificate", nil},
		{testRoles + "callers:\n  - {name: a, role: all, certificate: 'dns:a', jwt-subject: a}\n", "one of token-sha256, certificate", nil},
		{testRoles + "callers:\n  - {name: a, role: all, certificate: a.test}\n", "certificate is uri:, dns:", nil},
		{testRoles + "callers:\n  - {name: a, role: all, token-sha256: " + canary + "}\n", "not 64 hexadecimal digits", nil},
		{testRoles + "callers:\n  - {name: a, role: all, token-sha256: " + digestOf("x")[2:] + "}\n", "not 64 hexadecimal digits", nil},
		{testRoles + "callers:\n  - {name: a, role: all, token-sha256: [" + canary + "]}\n", "line 6", nil},
		{"roles: {all: {sessions: -1}}\n" + entry, "role all: sessions is less than 0", nil},
		{"roles: {all: {targets: [mail.example]}}\n" + entry, "role all: target", nil},
		// A key whose values were taken out, and that would be no limit at all.
		{"roles:\n  all:\n    targets:\n    # - mail.example:995\n" + entry, `line 3: "targets" has no value`, nil},
		{"roles: {all: {targets: ~}}\n" + entry, `"targets" has no value`, nil},
		{"roles: {x: &x {sessions: &none ~}, all: {sessions: *none}}\n" + entry, `"sessions" has no value`, nil},
		{testRoles + "callers:\n  - name: a\n    role: all\n    certificate: dns:a\n    expires:\n", `line 9: "expires" has no value`, nil},
		{testRoles + subject, "jwt-subject needs the key jwt", nil},
		{testRoles + jwtSection + subject, "file does not exist", nil},
		{testRoles + "jwt: {issuer: i, keys: jwks.json}\n" + subject, "jwt needs issuer and audience", keys},
		{testRoles + jwtSection + subject, "key 1 is no public key", &secret},
		{testRoles + jwtSection + subject, "key 1 is no public key", &symmetric},
		{testRoles + jwtSection + subject, "key 1 has less than 2048 bits", &small},
		{testRoles + jwtSection + subject, "key 1 has no kid", &nameless},
	} {
		_, err := parseCallers(tt.text, tt.keys)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\ngot %v, want %q", tt.text, err, tt.want)
		} else if strings.Contains(err.Error(), canary[:14]) {
			t.Errorf("a token is shown: %v", err)
		}
	}
	_, err = New(Config{Callers: callersOf(t, testRoles+"callers:\n  - {name: a, role: all, certificate: 'dns:a'}\n", nil)})
	if err == nil || !strings.Contains(err.Error(), "needs a CA of callers") {
		t.Errorf("a certificate without a CA: %v", err)
	}
}

// TestOneCaller: a caller is its name, whatever it shows: while one token replaces another its sessions stay its own.
func TestOneCaller(t *testing.T) {
	m, keys := newMailbox(t, 0), newIssuer(t)
	g := newGuarded(t, func(c *Config) {
		m.piped(c)
		c.Callers = callersOf(t, testRoles+jwtSection+"callers:\n"+entryOf("alice", "all", "old")+entryOf("alice", "all", "new")+
			"  - {name: alice, role: all, certificate: 'dns:alice.test'}\n  - {name: alice, role: all, jwt-subject: backend}\n"+
			entryOf("bob", "all", "other"), keys)
	})
	conn := g.as(t)
	opened, err := pb.NewPop3ServiceClient(conn).OpenSession(withToken(t.Context(), "old"), &pb.OpenSessionRequest{Server: anywhere()})
	if err != nil {
		t.Fatal(err)
	}
	capa := func(ctx context.Context, conn *grpc.ClientConn) error {
		_, err := pb.NewPop3ServiceClient(conn).Capa(ctx, &pb.CapaRequest{SessionId: opened.GetSessionId()})
		return err
	}
	for name, err := range map[string]error{
		"another token": capa(withToken(t.Context(), "new"), conn),
		"a certificate": capa(t.Context(), g.named(t, "alice.test")),
		"a JWT":         capa(withToken(t.Context(), keys.sign(t, goodClaims(nil))), conn),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := failure{codes.NotFound, "SESSION_NOT_FOUND", nil}
	wantFailure(t, "another caller", capa(withToken(t.Context(), "other"), conn), stranger)
	wantFailure(t, "a token beside a certificate", capa(withToken(t.Context(), "other"), g.named(t, "alice.test")), stranger)
}

// TestRoleSessions: a role's limit is in place of the one for all callers, and each caller's own.
func TestRoleSessions(t *testing.T) {
	m := newMailbox(t, 0)
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		c.Limits.SessionsPerCaller = 2
		c.Callers = callersOf(t, "roles:\n  few: {methods: ['*'], sessions: 1}\n  many: {methods: ['*'], sessions: 3}\n  any: {methods: ['*']}\ncallers:\n"+
			entryOf("few", "few", "few")+entryOf("also", "few", "also")+entryOf("many", "many", "many")+entryOf("any", "any", "any"), nil)
	})
	for token, n := range map[string]int{"few": 1, "also": 1, "any": 2, "many": 3} {
		ctx := withToken(t.Context(), token)
		for range n {
			if _, err := g.OpenSession(ctx, &pb.OpenSessionRequest{Server: anywhere()}); err != nil {
				t.Errorf("%s: %v", token, err)
			}
		}
		_, err := g.OpenSession(ctx, &pb.OpenSessionRequest{Server: anywhere()})
		wantFailure(t, token, err, failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil})
	}
}

// TestRoleTargets: a role reaches the servers that it names, as far as the gateway allows them, and no others.
func TestRoleTargets(t *testing.T) {
	port, came := canary(t)
	connections := 0
	for _, tt := range []struct {
		gateway, role []string
		address       string
		ok            bool
	}{
		{[]string{"localhost:" + port}, []string{"localhost:" + port}, "localhost:" + port, true},
		{[]string{"localhost:" + port}, []string{"LOCALHOST.:" + port}, "localhost:" + port, true},
		{nil, []string{"localhost:" + port}, "localhost:" + port, false}, // the gateway's rules hold
		{[]string{"localhost:" + port}, []string{}, "localhost:" + port, false},
		{[]string{"localhost:" + port}, []string{"127.0.0.1:" + port}, "localhost:" + port, false},
		{[]string{"localhost:" + port}, []string{"127.0.0.0/8"}, "localhost:" + port, false}, // a block opens 110 and 995 alone
		{[]string{"127.0.0.0/8"}, []string{"10.0.0.0/8"}, "127.9.0.1:110", false},
		{[]string{"127.0.0.0/8"}, []string{"127.8.0.0/16"}, "127.9.0.1:110", false},
		{nil, []string{"10.0.0.0/8"}, "8.8.8.8:110", false}, // public is not enough
		{nil, []string{"*:1110"}, "8.8.8.8:110", false},
		{nil, []string{"*:1110"}, "8.8.8.8:1110", false}, // the gateway's rules hold
		{[]string{"localhost:" + port}, []string{"*.localhost:" + port}, "localhost:" + port, false},
		{[]string{"localhost:" + port}, []string{"127.0.0.0/8:" + port}, "localhost:" + port, true},
		{[]string{"localhost:" + port}, []string{"127.9.0.0/16:" + port}, "localhost:" + port, false},
		{[]string{"localhost:" + port}, []string{"*:" + port}, "localhost:" + port, false},                           // that is a port of public addresses
		{[]string{"127.0.0.0/8:" + port}, []string{"*:" + port}, "127.0.0.1:" + port, false},                         // whatever the gateway allows
		{[]string{"localhost:" + port}, []string{"0.0.0.0/0:" + port, "[::/0]:" + port}, "localhost:" + port, false}, // nor is an own address part of these
	} {
		allowed, err := ParseTargets(tt.gateway)
		if err != nil {
			t.Fatal(err)
		}
		only, err := ParseTargets(tt.role)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.WithValue(t.Context(), callerKey{}, &identity{role: &role{targets: &only}})
		conn, err := (&dialer{targets: allowed}).DialContext(ctx, "tcp", tt.address)
		if err == nil {
			connections++
			conn.Close()
		}
		if (err == nil) != tt.ok || !tt.ok && !errors.Is(err, errNotAllowed) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	if n := came(); n != connections {
		t.Errorf("%d connections, want %d", n, connections)
	}
	within, err := ParseTargets([]string{"127.9.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithValue(t.Context(), callerKey{}, &identity{role: &role{targets: &within}})
	conn, err := (&dialer{targets: within}).DialContext(ctx, "tcp", "127.9.0.1:110") // nobody listens, but it was let through
	if got := reached(t, conn, err); len(got) != 1 || got[0] != "127.9.0.1:110" {
		t.Errorf("within the block: %v, %v", got, err)
	}
}

// TestRoleAsksForNoName: of a name that no rule of a role can open nothing is found out, not even whether it is there.
func TestRoleAsksForNoName(t *testing.T) {
	for rule, address := range map[string]string{
		"pop.example:995": "db.internal.example:995", "*.pop.example:110": "pop.example:110", "10.0.0.0/8:1110": "db.internal.example:110",
		"*:1110": "db.internal.example:995",
	} {
		only, err := ParseTargets([]string{rule})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.WithValue(t.Context(), callerKey{}, &identity{role: &role{targets: &only}})
		lookup := func(context.Context, string, string) ([]netip.Addr, error) {
			t.Errorf("%s: %s is looked up", rule, address)
			return nil, errors.New("no such host")
		}
		if _, err := (&dialer{lookup: lookup}).DialContext(ctx, "tcp", address); !errors.Is(err, errNotAllowed) {
			t.Errorf("%s: %s: %v", rule, address, err)
		}
	}
}

// TestNoTokenIsShown: neither a log at its most talkative nor an error has a caller's token in it.
func TestNoTokenIsShown(t *testing.T) {
	log, keys := &journal{}, newIssuer(t)
	token, _ := NewToken()
	tokens := map[string]string{
		"good": token, "wrong": "canary-wrong-token", "a JWT": keys.sign(t, goodClaims(nil)), "a JWT of nobody": keys.sign(t, goodClaims(map[string]any{"sub": "x"})),
		"no JWT": "canary.wrong.jwt",
	}
	g := newGateway(t, func(c *Config) {
		c.dial = newMailbox(t, 0).dialPipe
		log.into(c)
		c.Callers = callersOf(t, testRoles+jwtSection+"callers:\n"+entryOf("alice", "all", token)+"  - {name: b, role: none, jwt-subject: backend}\n", keys)
	})
	var told []string
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		for _, method := range methods(t) {
			o := invoke(withToken(t.Context(), tokens[name]), g.conn, method, typed(t, method.Input()))
			told = append(told, fmt.Sprint(o.err, o.header, o.trailer, infoOf(o.err)))
		}
	}
	<-g.shutdown(0)
	all := log.String() + strings.Join(told, "\n")
	if n := strings.Count(log.String(), "CALLER_UNAUTHENTICATED"); n < 20 {
		t.Errorf("%d calls were refused", n)
	}
	for name, token := range tokens {
		for _, part := range append(strings.Split(token, "."), digestOf(token)) {
			if len(part) > 10 && strings.Contains(all, part) {
				t.Errorf("%s: %q is shown", name, part)
			}
		}
	}
}
