package pop3

import (
	"encoding/base64"
	"slices"
	"strings"
)

// hidden stands for a secret in every text.
const hidden = "***"

// secrets are the texts that must not show while a command runs. They are forgotten with it.
type secrets struct {
	texts    []string
	replacer *strings.Replacer // of texts, made when first needed
}

// add hides a text, also where it stands in base64, padded or not.
func (s *secrets) add(texts ...string) {
	for _, text := range texts {
		if text != "" {
			s.texts = append(s.texts, text, base64.RawStdEncoding.EncodeToString([]byte(text)))
		}
	}
	s.replacer = nil
}

// redact returns text without the secrets.
func (s *secrets) redact(text string) string {
	if len(s.texts) == 0 || text == "" {
		return text
	}
	if s.replacer == nil {
		// Of two secrets that begin at one place the longer is to go.
		slices.SortFunc(s.texts, func(a, b string) int { return len(b) - len(a) })
		pairs := make([]string, 0, 2*len(s.texts))
		for _, t := range s.texts {
			pairs = append(pairs, t, hidden)
		}
		s.replacer = strings.NewReplacer(pairs...)
	}
	return s.replacer.Replace(text)
}

// redactStatus returns a status line without the secrets; text is what follows its indicator. +OK and -ERR stay as they are, even
// where a secret is part of them.
func (s *secrets) redactStatus(line, text []byte) string {
	if len(s.texts) == 0 {
		return string(line)
	}
	indicator := string(line[:len(line)-len(text)])
	if word := strings.TrimSuffix(indicator, " "); word != "+OK" && word != "-ERR" {
		return s.redact(string(line))
	}
	shown := indicator + s.redact(string(text))
	for _, t := range s.texts {
		if strings.Contains(shown, t) && !strings.Contains(indicator, t) { // it begins in the indicator
			return indicator + hidden
		}
	}
	return shown
}

// Redact returns a text without the password and the token, also where they stand in base64: for what a server says outside of the
// exchange, of which the Client takes care itself.
func (cr Credentials) Redact(text string) string {
	var s secrets
	s.add(cr.Password, cr.AccessToken)
	return s.redact(text)
}
