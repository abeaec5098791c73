package pop3

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// maxCapabilities is the greatest number of lines of CAPA and LANG.
const maxCapabilities = 256

// Capability is a line of CAPA (RFC 2449 section 3).
type Capability struct {
	// Line is the whole line.
	Line string
	// Name is its first word in capital letters.
	Name string
	// Args are the words behind it.
	Args []string
}

// Capa asks for the server's capabilities (CAPA, RFC 2449 section 5) and returns them in its order, with the status line. They
// may differ before and after TLS and login; ExtensionsOf says what they mean. A server without CAPA gives a *RefusedError that is ErrNotOffered.
func (c *Client) Capa(ctx context.Context) ([]Capability, string, error) {
	lines, response, err := c.lines(ctx, command{verb: "CAPA"})
	if err != nil {
		if refused, ok := errors.AsType[*RefusedError](err); ok {
			refused.NotOffered = true
			c.capa = nil // what an earlier list said holds no more
		}
		return nil, response, err
	}
	c.capa = make([]Capability, len(lines))
	for i, line := range lines {
		c.capa[i].Line = line
		if words := strings.Fields(line); len(words) > 0 {
			c.capa[i].Name, c.capa[i].Args = upper(words[0]), words[1:]
		}
	}
	return slices.Clone(c.capa), response, nil
}

// upper returns a word with its ASCII letters in capitals, and every other octet as it is.
func upper(word string) string {
	octets := []byte(word)
	for i, o := range octets {
		if 'a' <= o && o <= 'z' {
			octets[i] = o - 'a' + 'A'
		}
	}
	return string(octets)
}

// Utf8 switches the session to UTF-8 (UTF8, RFC 6856 section 2.1) and returns the status line. Send no STLS after it.
func (c *Client) Utf8(ctx context.Context) (response string, err error) {
	err = c.roundTrip(ctx, command{verb: "UTF8"}, func(st status) {
		c.utf8 = true
		response = st.response
	})
	return response, c.notOffered(err, "UTF8")
}

// Language is a line of LANG (RFC 6856 section 3.2).
type Language struct {
	// Line is the whole line.
	Line string
	// Tag is the language tag (RFC 5646).
	Tag string
	// Description is what people call the language.
	Description string
}

// Languages lists the languages of the server's texts (LANG, RFC 6856 section 3) and returns the status line with them.
func (c *Client) Languages(ctx context.Context) ([]Language, string, error) {
	lines, response, err := c.lines(ctx, command{verb: "LANG"})
	list := make([]Language, len(lines))
	for i, line := range lines {
		tag, description, _ := strings.Cut(line, " ")
		list[i] = Language{Line: line, Tag: tag, Description: strings.TrimSpace(description)}
	}
	return list, response, c.notOffered(err, "LANG")
}

var errNoTag = errors.New("is no language tag")

// Lang chooses the language of the server's texts (LANG, RFC 6856 section 3), "*" for its default, and returns the status line. The
// tag is one word: without it the server would list its languages, which is a reply of another form.
func (c *Client) Lang(ctx context.Context, tag string) (string, error) {
	if tag == "" || strings.ContainsAny(tag, " \t") {
		return "", &ArgumentError{Command: "LANG", Err: errNoTag}
	}
	response, err := c.simple(ctx, "LANG", tag)
	return response, c.notOffered(err, "LANG")
}

// lines runs a command whose reply is a short listing.
func (c *Client) lines(ctx context.Context, cmd command) ([]string, string, error) {
	if err := c.start(ctx, cmd); err != nil {
		return nil, "", err
	}
	st, err := c.readStatus()
	if err != nil {
		return nil, "", c.end(err)
	}
	c.running.follow(c.opts.Timeouts.Reply)
	var lines []string
	for {
		line, _, err := c.wire.Line(wire.MaxListLine)
		if err != nil {
			return nil, "", c.end(c.failBy(err))
		}
		c.opts.Trace.line(TraceLines, false, string(line))
		if wire.IsEnd(line) {
			return lines, st.response, c.end(nil)
		}
		if len(lines) == maxCapabilities {
			return nil, "", c.end(c.failBy(errTooMany))
		}
		lines = append(lines, string(wire.Unstuff(line)))
	}
}

// unexplained returns the refusal that err is, if it has no response code that says why it came, or nil.
func unexplained(err error) *RefusedError {
	refused, ok := errors.AsType[*RefusedError](err)
	if !ok || refused.Code != "" {
		return nil
	}
	return refused
}

// notOffered marks a refusal of something that the last CAPA does not list.
func (c *Client) notOffered(err error, name string) error {
	if refused := unexplained(err); refused != nil && c.capa != nil && !c.offers(name) {
		refused.NotOffered = true
	}
	return err
}

// offers reports whether the last CAPA lists a name.
func (c *Client) offers(name string) bool { return c.capability(name) != nil }

func (c *Client) capability(name string) *Capability {
	for i := range c.capa {
		if c.capa[i].Name == name {
			return &c.capa[i]
		}
	}
	return nil
}
