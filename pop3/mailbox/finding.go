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
	// LoginDelay says that the server asks for more time between logins than is waited for.
	LoginDelay
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
