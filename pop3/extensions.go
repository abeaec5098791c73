package pop3

import (
	"strconv"
	"strings"
	"time"
)

// Extensions is what a list of capabilities says, as far as RFCs have a meaning for it.
type Extensions struct {
	// Top, Uidl, User and Stls say that the server has these commands (RFC 2449 section 6, RFC 2595 section 4).
	Top, Uidl, User, Stls bool
	// SASL are the names of the mechanisms of AUTH in capital letters (RFC 2449 section 6.3, RFC 5034 section 3).
	SASL []string
	// RespCodes says that texts which begin with "[" are response codes (RFC 2449 section 6.4).
	RespCodes bool
	// AuthRespCode says that [AUTH], [SYS/TEMP] and [SYS/PERM] are used (RFC 3206).
	AuthRespCode bool
	// Pipelining says that commands may be sent ahead of replies (RFC 2449 section 6.6). Some servers say so and cannot do it.
	Pipelining bool
	// LoginDelay is the least time between two logins (RFC 2449 section 6.5); 0 if none is given.
	LoginDelay time.Duration
	// LoginDelayByUser says that LoginDelay is the greatest of all users': after login CAPA tells the user's own.
	LoginDelayByUser bool
	// Expire is how long messages stay (RFC 2449 section 6.7), nil if the server does not say.
	Expire *Expire
	// Implementation is the server's name and version (RFC 2449 section 6.9), or "".
	Implementation string
	// Utf8 says that UTF8 may be sent (RFC 6856 section 2).
	Utf8 bool
	// Utf8User says that user names and passwords may be UTF-8 (RFC 6856 section 2.2).
	Utf8User bool
	// Lang says that the server has LANG (RFC 6856 section 3).
	Lang bool
}

// Expire is how long a server keeps messages that may be removed.
type Expire struct {
	// Never says that it keeps them for ever; Days has no meaning then.
	Never bool
	// Days is how long it keeps them. 0 is a warning: what was retrieved is removed by QUIT, marked or not.
	Days uint32
	// ByUser says that this is the least of all users': after login CAPA tells the user's own.
	ByUser bool
}

// maxLoginDelay is the greatest login delay that is believed: some 68 years.
const maxLoginDelay = 1<<31 - 1

// ExtensionsOf reads a list of capabilities. A line that it cannot read says nothing.
func ExtensionsOf(capabilities []Capability) Extensions {
	var e Extensions
	for _, capability := range capabilities {
		e.read(capability)
	}
	return e
}

func (e *Extensions) read(c Capability) {
	switch c.Name {
	case "TOP":
		e.Top = true
	case "UIDL":
		e.Uidl = true
	case "USER":
		e.User = true
	case "STLS":
		e.Stls = true
	case "RESP-CODES":
		e.RespCodes = true
	case "AUTH-RESP-CODE":
		e.AuthRespCode = true
	case "PIPELINING":
		e.Pipelining = true
	case "LANG":
		e.Lang = true
	case "SASL":
		for _, name := range c.Args {
			e.SASL = append(e.SASL, upper(name))
		}
	case "UTF8":
		e.Utf8, e.Utf8User = true, c.argument(0, "USER")
	case "IMPLEMENTATION":
		_, name, _ := strings.Cut(strings.TrimSpace(c.Line), " ")
		e.Implementation = strings.TrimSpace(name)
	case "LOGIN-DELAY":
		e.readDelay(c)
	case "EXPIRE":
		e.readExpire(c)
	case "EXPIRENEVER": // GNU Mailutils
		e.Expire = &Expire{Never: true}
	}
}

func (e *Extensions) readDelay(c Capability) {
	if len(c.Args) == 0 {
		return
	}
	if seconds, err := strconv.ParseUint(c.Args[0], 10, 64); err == nil && seconds <= maxLoginDelay {
		e.LoginDelay, e.LoginDelayByUser = time.Duration(seconds)*time.Second, c.argument(1, "USER")
	}
}

func (e *Extensions) readExpire(c Capability) {
	if c.argument(0, "NEVER") {
		e.Expire = &Expire{Never: true, ByUser: c.argument(1, "USER")}
		return
	}
	if len(c.Args) == 0 {
		return
	}
	if days, err := strconv.ParseUint(c.Args[0], 10, 32); err == nil {
		e.Expire = &Expire{Days: uint32(days), ByUser: c.argument(1, "USER")}
	}
}

// argument reports whether an argument is the given word.
func (c *Capability) argument(i int, word string) bool {
	return i < len(c.Args) && strings.EqualFold(c.Args[i], word)
}
