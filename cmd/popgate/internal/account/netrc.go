package account

import "strings"

// netrcEntry is a machine of a netrc file, or its default.
type netrcEntry struct {
	machine         string // "" of the default
	login, password string
}

// parseNetrc reads a netrc file as ftp(1) has it: words between white space, and macros, which are passed over to their blank line.
// A word may stand in double quotes, with a backslash before what is to be taken as it is. (jdx/go-netrc, the library of most users, has
// neither macros nor quotes, and panics at a file that ends early.)
func parseNetrc(text string) (entries []netrcEntry) {
	for {
		var word string
		if word, text = nextWord(text); word == "" {
			return entries
		}
		if strings.HasPrefix(word, "#") { // a comment; where a value belongs it is none
			_, text, _ = strings.Cut(text, "\n")
			continue
		}
		switch word {
		case "machine":
			word, text = nextWord(text)
			entries = append(entries, netrcEntry{machine: word})
		case "default":
			entries = append(entries, netrcEntry{})
		case "macdef":
			_, text, _ = strings.Cut(text, "\n\n")
		case "login", "password", "account":
			var value string
			value, text = nextWord(text)
			if len(entries) == 0 {
				continue
			}
			switch last := &entries[len(entries)-1]; word {
			case "login":
				last.login = value
			case "password":
				last.password = value
			}
		}
	}
}

// nextWord returns the next word of a netrc file and what is behind it; "" at the end.
func nextWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, " \t\r\n")
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		var b strings.Builder
		for i := 0; i < len(quoted); i++ {
			switch {
			case quoted[i] == '"':
				return b.String(), quoted[i+1:]
			case quoted[i] == '\\' && i+1 < len(quoted):
				i++
			}
			b.WriteByte(quoted[i])
		}
		return b.String(), ""
	}
	end := strings.IndexAny(text, " \t\r\n")
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:]
}

// passwordOf returns the password for a user at a host, and whose it is. Without a user the first entry of the host names it.
func passwordOf(entries []netrcEntry, host, user string) (login, password string) {
	for _, e := range entries {
		if e.machine != "" && !strings.EqualFold(e.machine, host) || e.password == "" {
			continue
		}
		if user == "" && e.login != "" || user != "" && (e.login == user || e.login == "") {
			return e.login, e.password
		}
	}
	return "", ""
}
