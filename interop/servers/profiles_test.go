package servers_test

import (
	"maps"
	"slices"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// A profile is what a server has, and what it does in its own way.
type profile struct {
	modes []mode
	// mechanisms are those that log in by Auth, in every mode unless onlyInTLS
	// says otherwise. strongest is what Auth takes by itself, in plaintext and
	// in TLS.
	mechanisms []string
	strongest  [2]string
	// relayed are mechanisms that popgate does not know, so that they log in
	// by AuthExchange.
	relayed []string
	apop    bool
	utf8    bool
	// certain means that the server says [AUTH] to a wrong password.
	certain bool
	// closes means that it closes the connection after a wrong password.
	closes bool
	// locks means that a maildrop is open in one session only.
	locks bool
	// refuses are the RPCs that cannot succeed here.
	refuses map[string]refusal
	// bob is where bob's messages lie.
	bob store
	// wire is what it sends of a message, nil where that cannot be told from
	// what was seeded.
	wire rewriting
	// settled is what of a message is the same in every session.
	settled func(message []byte) []byte
	// plainTop means that TOP sends what RFC 1939 says, of the message that
	// RETR sends.
	plainTop bool
	// deletedCounts means that STAT counts messages marked as deleted.
	deletedCounts bool
	// locked says why a maildrop stays locked when a session in TLS is cut off.
	locked string
	// unseeded is the name of a message that the server is not given.
	unseeded string
	// notes are remarks on features that work.
	notes map[string]string
}

// A refusal is how an RPC fails that the server does not have, and why.
type refusal struct {
	reason pb.ErrorReason
	why    string
}

const (
	notSupported = pb.ErrorReason_ERROR_REASON_NOT_SUPPORTED_BY_SERVER
	refused      = pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED
	loginFailed  = pb.ErrorReason_ERROR_REASON_LOGIN_FAILED
)

// onlyInTLS are mechanisms that need something of TLS.
func onlyInTLS(mechanism string) bool {
	return slices.Contains([]string{"EXTERNAL", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"}, mechanism)
}

var (
	everyMode = []mode{plaintext, stls, upgraded, implicit}
	noStls    = []mode{plaintext, implicit}
)

// noRpop is what all of them have in common.
var noRpop = refusal{loginFailed, "nobody has RPOP (RFC 1081) any more"}

// withCapa are the refusals of a server that lists its capabilities, so that
// an -ERR to what is not among them has a meaning.
func withCapa(more map[string]refusal) map[string]refusal {
	all := map[string]refusal{
		"Utf8": {notSupported, "not in CAPA"},
		"Lang": {notSupported, "not in CAPA"},
		"Rpop": noRpop,
	}
	maps.Copy(all, more)
	return all
}

// withoutCapa are the refusals of a server without CAPA, SASL and STLS: that
// an unknown command is unknown cannot be seen from its -ERR.
func withoutCapa(more map[string]refusal) map[string]refusal {
	all := map[string]refusal{
		"Capa":         {notSupported, "-ERR to CAPA"},
		"Utf8":         {refused, "-ERR, and no CAPA to say that it is unknown"},
		"Lang":         {refused, "-ERR, and no CAPA to say that it is unknown"},
		"Stls":         {refused, "-ERR, and no CAPA to say that it is unknown"},
		"Auth":         {notSupported, "no CAPA, so no mechanism"},
		"AuthExchange": {loginFailed, "-ERR, and no CAPA to say that it is unknown"},
		"Rpop":         noRpop,
	}
	maps.Copy(all, more)
	return all
}

// Reasons that several servers share.
const (
	noStamp = "no time stamp in the greeting"
	noSASL  = "no SASL in CAPA"
)

var profiles = map[string]*profile{
	"dovecot": {
		modes: everyMode,
		mechanisms: []string{
			"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "ANONYMOUS",
		},
		strongest: [2]string{"SCRAM-SHA-256", "SCRAM-SHA-256"},
		relayed:   []string{"DIGEST-MD5"},
		apop:      true, certain: true, locks: true,
		bob:      maildir("home/virtual/bob/Maildir"),
		refuses:  withCapa(nil),
		wire:     asSeeded,
		plainTop: true,
	},
	"dovecot24": {
		modes: everyMode,
		mechanisms: []string{
			"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS",
			"XOAUTH2", "OAUTHBEARER", "EXTERNAL", "ANONYMOUS",
		},
		strongest: [2]string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"},
		apop:      true, certain: true, locks: true,
		bob:      maildir("home/virtual/bob/Maildir"),
		refuses:  withCapa(nil),
		wire:     asSeeded,
		plainTop: true,
	},
	"courier": {
		modes:      everyMode,
		mechanisms: []string{"PLAIN", "LOGIN", "CRAM-MD5"},
		strongest:  [2]string{"CRAM-MD5", "CRAM-MD5"},
		relayed:    []string{"CRAM-SHA1", "CRAM-SHA256"},
		utf8:       true,
		bob:        maildir("home/bob/Maildir"),
		refuses: map[string]refusal{
			"Lang": {notSupported, "not in CAPA"}, "Rpop": noRpop, "Apop": {notSupported, noStamp},
		},
		wire:    ifASCII(withEveryCR),
		settled: withoutBoundaries,
		notes: map[string]string{
			"messages: Retr":             "CR before every LF, where one stands already too; without UTF8 before login a text of its own stands in for a message with octets above 127",
			"messages: Retr, after Utf8": "CR before every LF, where one stands already too",
			offerJob:                     "the LOGIN-DELAY of 10 seconds is waited out",
			collectJob:                   "the LOGIN-DELAY of 10 seconds is waited out",
		},
	},
	"mailutils": {
		modes: everyMode,
		apop:  true, certain: true, locks: true,
		bob: mbox("var/mail/bob"),
		refuses: withCapa(map[string]refusal{
			"Auth": {notSupported, noSASL}, "AuthExchange": {notSupported, noSASL},
		}),
		wire:    unquoted,
		settled: withoutMailutilsFields,
		notes: map[string]string{
			"messages: Retr":                "compared without the header fields X-UID, Status and X-UIDL, which it keeps its state in; CR before every LF, where one stands already too; a blank line for an empty body",
			"messages: Stat, List and Uidl": "sizes are from before it adds header fields, and change from session to session",
		},
	},
	"popa3d": {
		modes:   noStls,
		closes:  true,
		bob:     mbox("var/mail/bob"),
		refuses: withoutCapa(map[string]refusal{"Apop": {notSupported, noStamp}}),
		wire:    fromMbox,
		notes:   map[string]string{"messages: Retr": "lines as the mbox has them, >From with one > more; CR before every LF, where one stands already too"},
	},
	"solid": {
		modes:  noStls,
		closes: true,
		bob:    mbox("var/mail/bob"),
		refuses: withoutCapa(map[string]refusal{
			"Apop": {loginFailed, "the database of secrets of Debian's package holds empty ones"},
		}),
		wire: fromMboxAndBlank,
		notes: map[string]string{
			"messages: Retr": "lines as the mbox has them, >From with one > more; CR before every LF, where one stands already too; a blank line behind each message",
		},
	},
	"mailfront": {
		modes:      noStls,
		mechanisms: []string{"PLAIN", "LOGIN"},
		strongest:  [2]string{"PLAIN", "PLAIN"},
		bob:        maildir("home/bob/Maildir"),
		refuses: withCapa(map[string]refusal{
			"Stls": {notSupported, "not in CAPA"}, "Apop": {notSupported, noStamp},
		}),
		wire: withBlank,
		notes: map[string]string{
			"messages: Retr":                "a blank line behind each message that ends with a line end; CR before every LF, where one stands already too",
			"messages: Stat, List and Uidl": "sizes are those of the files, whose lines end in LF",
		},
	},
	"perdition": {
		modes: everyMode,
		bob:   maildir("home/virtual/bob/Maildir"),
		refuses: withCapa(map[string]refusal{
			"Apop": {notSupported, noStamp}, "Auth": {notSupported, noSASL}, "AuthExchange": {notSupported, noSASL},
		}),
		wire:     asSeeded,
		plainTop: true,
	},
	"stunnel": {
		modes:  []mode{stls, upgraded, implicit},
		closes: true,
		bob:    mbox("var/mail/bob"),
		refuses: withoutCapa(map[string]refusal{
			"Apop": {notSupported, noStamp},
			"Capa": {notSupported, "it lists STLS before TLS; behind TLS is popa3d, which has no CAPA"},
		}),
		wire:  fromMbox,
		notes: map[string]string{"messages: Retr": "popa3d's: lines as the mbox has them, >From with one > more; CR before every LF, where one stands already too"},
	},
	"tcllib": {
		modes: noStls,
		apop:  true, locks: true, deletedCounts: true, unseeded: "large",
		locked: "in plaintext alone: where TLS ends without close_notify, its handler fails before it gives the lock back, and nobody can look",
		bob:    files("srv/interop/mail/bob/files"),
		refuses: withCapa(map[string]refusal{
			"Stls": {notSupported, "not in CAPA"}, "Auth": {notSupported, noSASL}, "AuthExchange": {notSupported, noSASL},
			"Uidl": {notSupported, "not in CAPA"},
		}),
		notes: map[string]string{
			"messages: Retr": "it builds each message anew as MIME, with CR CR LF at the ends of lines: compared with a direct connection alone. Not given the message of 20 MB, over which it thinks for two minutes",
			"messages: Top":  "the whole body, whatever the number of lines",
			"RPC: Stat":      "counts messages that are marked as deleted",
		},
	},
}
