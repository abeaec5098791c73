package mailbox

import (
	"cmp"
	"slices"
)

// Severity is how bad a Finding is. A greater one is worse.
type Severity int

const (
	// Info is for what needs no doing.
	Info Severity = iota + 1
	// Warning is for what keeps a mailbox from being read well, or will keep it from being read.
	Warning
	// Error is for what keeps a mailbox from being read as it was asked for.
	Error
)

// Diagnosis is a Finding with what it means.
type Diagnosis struct {
	// Finding is what was found.
	Finding Finding
	// Text says what was seen, with the server's own words as the octets that came.
	Text string
}

// remedies are what each Finding is called, how bad it is, and what to do.
var remedies = map[Finding]struct {
	name     string
	severity Severity
	remedy   string
}{
	NameNotFound:      {"NAME_NOT_FOUND", Error, "Correct the host name, or the DNS entry of the server."},
	ConnectionRefused: {"CONNECTION_REFUSED", Error, "Correct the port: 995 is for TLS at once, 110 for STLS. If it is right, the server is down or closed to this network."},
	Unreachable:       {"UNREACHABLE", Error, "Have the network between here and the server looked at: routes, firewalls, DNS. The server may be down."},
	ServerSilent:      {"SERVER_SILENT", Error, "Try again later. If it stays so, the server is overloaded, or the port speaks another protocol or wants TLS at once."},
	ConnectionLost:    {"CONNECTION_LOST", Error, "Try again later. If it stays so, ask the server's operator: it may limit connections from this address."},
	ProtocolBroken:    {"PROTOCOL_BROKEN", Error, "Check that host, port and TLS mode are those of a POP3 server; else the server has a defect."},
	ServiceRefused:    {"SERVICE_REFUSED", Error, "Ask the server's operator. What it says tells why; [SYS/TEMP] goes away by itself."},

	StlsMissing:            {"STLS_MISSING", Error, "Use TLS at once, on port 995, or have the operator of the server switch STLS on."},
	TLSHandshakeFailed:     {"TLS_HANDSHAKE_FAILED", Error, "Check that the TLS mode fits the port. Else the server's TLS has to be repaired."},
	TLSVersionOld:          {"TLS_VERSION_OLD", Error, "The server needs TLS 1.2 or later; there is no setting here that takes less."},
	CertificateExpired:     {"CERTIFICATE_EXPIRED", Error, "The server's operator has to renew the certificate."},
	CertificateExpiresSoon: {"CERTIFICATE_EXPIRES_SOON", Warning, "The server's operator should renew the certificate, and look why that does not happen by itself."},
	CertificateNameWrong:   {"CERTIFICATE_NAME_WRONG", Error, "Use a host name that the certificate has, or give one of its names as the TLS server name."},
	CertificateUntrusted:   {"CERTIFICATE_UNTRUSTED", Error, "Give the certificate of the authority that has signed it as the CA bundle, or have the server use one that is known."},
	PlaintextLogin:         {"PLAINTEXT_LOGIN", Info, "Use TLS, as is done unless plaintext is asked for. The server's operator should refuse passwords before it."},

	CapaMissing:    {"CAPA_MISSING", Info, "Nothing. Messages are retrieved one at a time, since nothing tells what the server can do."},
	CapaCloses:     {"CAPA_CLOSES", Warning, "Nothing for users with a password, whose logins take a connection more. Others cannot log in: update the server."},
	NoMechanism:    {"NO_MECHANISM", Error, "Use a secret that fits one of the mechanisms that the server has: a password or a token."},
	LoginRefused:   {"LOGIN_REFUSED", Error, "Correct user name and secret; check that POP3 is switched on for the account, and whether it asks for a password of its own for programs."},
	MailboxInUse:   {"MAILBOX_IN_USE", Error, "Wait until the other session ends. If it never does, look for another program that reads the mailbox."},
	LoginDelay:     {"LOGIN_DELAY", Warning, "Log in less often than the delay that the server asks for."},
	ExpireZero:     {"EXPIRE_ZERO", Warning, "Collect messages rather than fetch them, so that all are stored before QUIT."},
	ListingDamaged: {"LISTING_DAMAGED", Warning, "Messages without a readable entry are told as such. The index of the maildrop should be rebuilt on the server."},

	UidlMissing:        {"UIDL_MISSING", Warning, "Ask for all messages, and delete what is stored: there is no other way to know what is new."},
	UniqueIDsDuplicate: {"UNIQUE_IDS_DUPLICATE", Warning, "Compare the SHA-256 of messages that come again; delete what is stored."},
	UniqueIDsMissing:   {"UNIQUE_IDS_MISSING", Warning, "Compare the SHA-256 of messages that come again; delete what is stored."},
	UniqueIDsUnstable:  {"UNIQUE_IDS_UNSTABLE", Error, "Ask for all messages, and delete what is stored; compare their SHA-256. The server's index may be broken."},
	TopMissing:         {"TOP_MISSING", Info, "Nothing, unless headers are to be listed: fetch the messages instead."},
	TopIgnoresCount:    {"TOP_IGNORES_COUNT", Warning, "Do not list headers where messages are large: each comes with its body."},
	SizesWrong:         {"SIZES_WRONG", Info, "Nothing. Sizes are only taken as a hint; a limit on the size of messages is judged by them."},
	PipeliningBroken:   {"PIPELINING_BROKEN", Warning, "Nothing: messages are retrieved one at a time. The server's operator should update it, or switch PIPELINING off."},
	PipeliningMissing:  {"PIPELINING_MISSING", Info, "Nothing. Messages are retrieved one at a time, which takes longer the farther the server is."},
}

// String returns the finding as popgate's contract names it, such as "CERTIFICATE_EXPIRED".
func (f Finding) String() string { return remedies[f].name }

// Severity returns how bad the finding is.
func (f Finding) Severity() Severity { return remedies[f].severity }

// Remedy returns what to do about the finding.
func (f Finding) Remedy() string { return remedies[f].remedy }

// add adds a finding. Of two texts the first stands.
func (r *Report) add(f Finding, text string) {
	if !r.found(f) {
		r.Findings = append(r.Findings, Diagnosis{f, text})
	}
}

// found reports whether one of some findings is there.
func (r *Report) found(some ...Finding) bool {
	return slices.ContainsFunc(r.Findings, func(d Diagnosis) bool { return slices.Contains(some, d.Finding) })
}

// sort brings the findings into the order of their severity.
func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Diagnosis) int {
		return cmp.Compare(b.Finding.Severity(), a.Finding.Severity())
	})
}
