package server

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

// maxViolations bounds what goes into a trailer: public_key_sha256 may be long.
const maxViolations = 32

// violations collects the arguments at fault.
type violations []*errdetails.BadRequest_FieldViolation

func (v *violations) add(field, description string) {
	if len(*v) == maxViolations {
		return
	}
	*v = append(*v, &errdetails.BadRequest_FieldViolation{Field: field, Description: description})
}

// check adds an error of pop3's, which is what would come if the command were sent.
func (v *violations) check(field string, err error) {
	var argument *pop3.ArgumentError
	switch {
	case errors.As(err, &argument):
		v.add(field, argument.Err.Error())
	case err != nil:
		v.add(field, err.Error())
	}
}

// word checks an argument that must be one word of a command line, which may hold more behind it.
func (v *violations) word(field, verb, value string, more ...string) {
	if strings.Contains(value, " ") {
		v.add(field, "holds a space")
		return
	}
	v.line(field, verb, value, more...)
}

// line checks an argument that must be there, of a command line which may hold more behind it.
func (v *violations) line(field, verb, value string, more ...string) {
	if value == "" {
		v.add(field, "is missing")
		return
	}
	v.check(field, pop3.CheckCommand(verb, append([]string{value}, more...)...))
}

// text checks an argument that does not go out as it is.
func (v *violations) text(field, value string) {
	if strings.ContainsAny(value, "\r\n\x00") {
		v.add(field, "holds CR, LF or NUL")
	}
}

func (v *violations) number(n uint32) {
	if n == 0 {
		v.add("message_number", "is 0, but message numbers begin at 1")
	}
}

// invalid is the fault of one argument.
func invalid(field, description string) *fault {
	var v violations
	v.add(field, description)
	return v.fault()
}

// fault returns the violations as one fault, or nil.
func (v *violations) fault() *fault {
	if len(*v) == 0 {
		return nil
	}
	parts := make([]string, len(*v))
	for i, violation := range *v {
		parts[i] = violation.GetField() + " " + violation.GetDescription()
	}
	return &fault{
		code: codes.InvalidArgument, reason: pb.ErrorReason_ERROR_REASON_INVALID_ARGUMENT,
		message: "invalid argument: " + strings.Join(parts, "; "), fields: *v,
	}
}

// maxSessionID is the greatest length of a session id in octets.
const maxSessionID = 128

// validate checks every argument of a request, before anything else is done with it.
func validate(req any) error {
	var v violations
	if named, ok := req.(interface{ GetSessionId() string }); ok {
		switch id := named.GetSessionId(); {
		case id == "":
			v.add("session_id", "is missing")
		case len(id) > maxSessionID:
			v.add("session_id", fmt.Sprintf("is longer than %d octets", maxSessionID))
		default:
			v.text("session_id", id)
		}
	}
	switch r := req.(type) {
	case *pb.OpenSessionRequest:
		v.server("server", r.GetServer())
	case *pb.StlsRequest:
		v.tls("tls", r.GetTls())
	case *pb.LangRequest:
		if r.Tag != nil {
			v.word("tag", "LANG", r.GetTag())
			if strings.Contains(r.GetTag(), "\t") { // a server might take it for a space
				v.add("tag", "holds a tab")
			}
		}
	default:
		v.auth(req)
		v.maildrop(req)
		v.mailbox(req)
	}
	if f := v.fault(); f != nil {
		return f
	}
	return nil
}

// digestSample is as long as the digest that APOP sends, MD5 in hexadecimal.
var digestSample = strings.Repeat("0", 32)

func (v *violations) auth(req any) {
	switch r := req.(type) {
	case *pb.UserRequest:
		v.line("username", "USER", r.GetUsername())
	case *pb.PassRequest:
		v.check("password", pop3.CheckCommand("PASS", r.GetPassword()))
	case *pb.ApopRequest:
		v.word("username", "APOP", r.GetUsername(), digestSample)
		v.text("secret", r.GetSecret())
	case *pb.RpopRequest:
		v.line("username", "RPOP", r.GetUsername())
	case *pb.AuthRequest:
		v.credentials("credentials", r.GetCredentials())
	case *pb.AuthExchangeRequest:
		v.check("mechanism", pop3.CheckMechanism(r.GetMechanism()))
	}
}

func (v *violations) maildrop(req any) {
	switch r := req.(type) {
	case *pb.ListRequest:
		if r.MessageNumber != nil {
			v.number(r.GetMessageNumber())
		}
	case *pb.UidlRequest:
		if r.MessageNumber != nil {
			v.number(r.GetMessageNumber())
		}
	case *pb.DeleRequest:
		v.number(r.GetMessageNumber())
		v.text("if_unique_id", r.GetIfUniqueId())
	case *pb.RetrRequest:
		v.number(r.GetMessageNumber())
		if r.MaxOctets != nil && r.GetMaxOctets() <= 0 {
			v.add("max_octets", "is not above 0")
		}
	case *pb.TopRequest:
		v.number(r.GetMessageNumber())
	}
}

func (v *violations) credentials(field string, c *pb.Credentials) {
	v.text(field+".username", c.GetUsername())
	v.text(field+".authorization_identity", c.GetAuthorizationIdentity())
	v.text(field+".password", c.GetPassword())
	v.text(field+".access_token", c.GetAccessToken())
	switch secret := c.GetSecret().(type) {
	case nil:
		if !strings.EqualFold(c.GetMechanism(), "ANONYMOUS") {
			v.add(field+".secret", "is missing")
		}
	case *pb.Credentials_AccessToken:
		if secret.AccessToken == "" {
			v.add(field+".access_token", "is empty")
		}
	case *pb.Credentials_External:
		if !secret.External {
			v.add(field+".external", "is false, which is no proof")
		}
	}
	given := credentialsOf(c)
	bare := pop3.Credentials{Mechanism: given.Mechanism, External: given.External}
	if given.AccessToken != "" {
		bare.AccessToken = "token"
	}
	v.check(field+".mechanism", pop3.CheckCredentials(bare))
	if len(*v) == 0 {
		v.check(field, pop3.CheckCredentials(given))
	}
}

func (v *violations) mailbox(req any) {
	if r, ok := req.(access); ok {
		v.access("", r)
	}
	switch r := req.(type) {
	case *pb.FetchMessagesRequest:
		v.selection("", r)
	case *pb.CollectMessagesRequest:
		v.collect(r)
	case *pb.DeleteMessagesRequest:
		v.ids("messages", len(r.GetMessages()))
		for i, m := range r.GetMessages() {
			if m.GetUniqueId() == "" {
				v.add(fmt.Sprintf("messages[%d].unique_id", i), "is missing")
			}
		}
		if len(r.GetMessages()) == 0 {
			v.add("messages", "is empty")
		}
	}
}

// access is what every request of MailboxService has.
type access interface {
	GetServer() *pb.Server
	GetCredentials() *pb.Credentials
}

func (v *violations) access(prefix string, r access) {
	v.server(prefix+"server", r.GetServer())
	if _, optional := r.(*pb.DiagnoseServerRequest); optional && r.GetCredentials() == nil {
		return
	}
	v.credentials(prefix+"credentials", r.GetCredentials())
}

func (v *violations) selection(prefix string, r *pb.FetchMessagesRequest) {
	v.ids(prefix+"unique_ids", len(r.GetUniqueIds().GetUniqueIds()))
	v.ids(prefix+"seen_unique_ids", len(r.GetSeenUniqueIds()))
	if len(r.GetCursor()) > engine.MaxCursor {
		v.add(prefix+"cursor", fmt.Sprintf("is longer than %d octets", engine.MaxCursor))
	}
	if _, all := r.GetSelection().(*pb.FetchMessagesRequest_All); all && !r.GetAll() {
		v.add(prefix+"all", "is false")
	}
	if r.MaxOctets != nil && r.GetMaxOctets() <= 0 {
		v.add(prefix+"max_octets", "is not above 0")
	}
	if r.MaxMessages != nil && r.GetMaxMessages() == 0 {
		v.add(prefix+"max_messages", "is not above 0")
	}
}

func (v *violations) ids(field string, count int) {
	if count > engine.MaxUniqueIDs {
		v.add(field, fmt.Sprintf("has more than %d", engine.MaxUniqueIDs))
	}
}

// hostName is the syntax of names that a resolver is asked for (RFC 1123 section 2.1), and "_", which is in use.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

const maxHostName = 253

func (v *violations) server(field string, s *pb.Server) {
	host := s.GetHost()
	switch _, err := netip.ParseAddr(host); {
	case host == "":
		v.add(field+".host", "is missing")
	case len(host) > maxHostName:
		v.add(field+".host", fmt.Sprintf("is longer than %d octets", maxHostName))
	case err != nil && !hostName.MatchString(host):
		v.add(field+".host", "is neither a host name nor an IP address")
	}
	if s.GetPort() > 65535 || s != nil && s.Port != nil && s.GetPort() == 0 {
		v.add(field+".port", "is not from 1 to 65535")
	}
	if d := s.GetIoTimeout(); d != nil && (d.CheckValid() != nil || d.AsDuration() <= 0) {
		v.add(field+".io_timeout", "is not above 0")
	}
	v.tls(field+".tls", s.GetTls())
}

func (v *violations) tls(field string, o *pb.TlsOptions) {
	if _, known := pb.TlsMode_name[int32(o.GetMode())]; !known {
		v.add(field+".mode", "is not known")
	}
	if name := o.GetServerName(); name != "" {
		if _, err := netip.ParseAddr(name); err != nil && !hostName.MatchString(name) || len(name) > maxHostName {
			v.add(field+".server_name", "is no host name")
		}
	}
	if pem := o.GetCaBundlePem(); pem != "" && poolOf(pem) == nil {
		v.add(field+".ca_bundle_pem", "holds no certificate in PEM")
	}
	if _, err := keyPairOf(o); err != nil {
		v.add(field+".client_certificate_pem", "does not go with client_key_pem, or is no PEM")
	}
	for i, pin := range o.GetPublicKeySha256() {
		if len(pin) != 32 {
			v.add(fmt.Sprintf("%s.public_key_sha256[%d]", field, i), "is not 32 octets")
		}
	}
}
