package mailbox

import "slices"

// Finding is something about a server that its user should know.
type Finding int

const (
	// UniqueIDsDuplicate says that messages share a unique-id: they are delivered again each time.
	UniqueIDsDuplicate Finding = iota + 1
	// UniqueIDsMissing says that messages have no unique-id: they are delivered again each time.
	UniqueIDsMissing
	// UniqueIDsUnstable says that known messages have got new unique-ids.
	UniqueIDsUnstable
	// PipeliningBroken says that the server lists PIPELINING and cannot do it.
	PipeliningBroken
	// SizesWrong says that a message has not the octets that LIST gave it.
	SizesWrong
	// ExpireZero says that QUIT removes what was retrieved, marked or not (RFC 2449 section 6.7).
	ExpireZero
	// ListingDamaged says that LIST or UIDL has lines that cannot be read, or that the two do not agree.
	ListingDamaged
	// LoginDelay says that the server asks for more time between logins than is waited for, or that it refused a login as too early.
	LoginDelay
	// NameNotFound says that the server's name has no address.
	NameNotFound
	// ConnectionRefused says that nobody listens at the port.
	ConnectionRefused
	// Unreachable says that no address can be reached, or none answered in time.
	Unreachable
	// ServerSilent says that the server took the connection and then did not answer in time.
	ServerSilent
	// ConnectionLost says that the connection ended before all was done.
	ConnectionLost
	// ProtocolBroken says that what the server says cannot be read as POP3.
	ProtocolBroken
	// ServiceRefused says that the greeting was -ERR, or another refusal that is no answer to the credentials.
	ServiceRefused
	// StlsMissing says that the server has no STLS.
	StlsMissing
	// TLSHandshakeFailed says that it failed, and neither certificate nor version is why.
	TLSHandshakeFailed
	// TLSVersionOld says that the server has no TLS later than 1.1.
	TLSVersionOld
	// CertificateExpired says that the server's certificate has expired.
	CertificateExpired
	// CertificateExpiresSoon says that it has less than 14 days, and less than a third of its life, left.
	CertificateExpiresSoon
	// CertificateNameWrong says that it is for other names.
	CertificateNameWrong
	// CertificateUntrusted says that it is refused for another reason.
	CertificateUntrusted
	// PlaintextLogin says that the server lets passwords be sent before TLS.
	PlaintextLogin
	// CapaMissing says that the server has no CAPA.
	CapaMissing
	// CapaCloses says that the server hangs up, or falls silent, when it is asked for CAPA.
	CapaCloses
	// NoMechanism says that the server has no SASL mechanism that fits the credentials.
	NoMechanism
	// LoginRefused says that the login was refused.
	LoginRefused
	// MailboxInUse says that another session has the maildrop.
	MailboxInUse
	// UidlMissing says that the server has no UIDL, or refuses it.
	UidlMissing
	// TopMissing says that the server has no TOP.
	TopMissing
	// TopIgnoresCount says that TOP sends more of the body than was asked for.
	TopIgnoresCount
	// PipeliningMissing says that the server does not say PIPELINING.
	PipeliningMissing
)

// findings are a set.
type findings []Finding

func (f *findings) add(more ...Finding) {
	for _, finding := range more {
		if !slices.Contains(*f, finding) {
			*f = append(*f, finding)
		}
	}
}
