package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

func listCommand() *cobra.Command {
	var (
		c              mailboxConfig
		header, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "list MAILBOX",
		Short: "List the messages of a mailbox",
		Long: `List the messages of a mailbox: number, octets and unique-id, and with --header date, sender and subject too, which retrieves
the header of each message. Nothing is changed.

On a terminal it is a table; elsewhere one message a line, its fields parted by tabs in this order: number, octets, unique-id, date,
sender, subject. What a server sends is escaped as \xNN where it is not printable.

` + mailboxHelp + "\n\n" + statusHelp + " Here: the header of some message was refused.",
		Example: `  popgate list alice@example.com
  popgate list --header --direct pops://alice@mail.example.com
  popgate list --json --password-file secret.txt --gateway popgate.internal.example:9110 --tls pop://alice@mail.example.com`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := c.access(cmd, args[0])
			if err != nil {
				return err
			}
			defer a.close()
			return listMessages(cmd.Context(), a, header, newLister(cmd.OutOrStdout(), header, asJSON))
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&header, "header", false, "retrieve the header of each message: date, sender, subject")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// lister prints a listing.
type lister interface {
	message(m *pb.ListedMessage)
	summary(s *pb.ListSummary)
	flush() error
}

// newLister returns the lister that fits the reader.
func newLister(w io.Writer, header, asJSON bool) lister {
	buffered := bufio.NewWriter(w)
	switch width := terminal.Width(w); {
	case asJSON:
		return newJSONLister(buffered)
	case width > 0:
		return &tableLister{Writer: buffered, width: width, header: header}
	}
	return &plainLister{buffered, header}
}

// listMessages prints the listing.
func listMessages(ctx context.Context, a *access, header bool, out lister) error {
	stream, err := a.client.ListMessages(ctx, &pb.ListMessagesRequest{Server: a.server, Credentials: a.credentials, Header: header})
	if err != nil {
		return a.failed(ctx, err)
	}
	refused := 0
	for {
		resp, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			_ = out.flush() // what has come is right
			return a.failed(ctx, err)
		}
		for _, m := range resp.GetMessages() {
			if m.GetFailure() != nil {
				refused++
			}
			out.message(m)
		}
		if resp.GetSummary() != nil {
			out.summary(resp.GetSummary())
		}
		if err := out.flush(); err != nil {
			return err
		}
	}
	if refused > 0 {
		return &partialError{fmt.Errorf("headers that the server refused: %d", refused)}
	}
	return nil
}

// plainLister prints for programs that part lines at tabs.
type plainLister struct {
	*bufio.Writer

	header bool
}

func (l *plainLister) message(m *pb.ListedMessage) {
	fields := []string{numberOf(m), octetsOf(m), terminal.Plain(m.GetUniqueId())}
	if l.header {
		h := m.GetHeader()
		fields = append(fields, terminal.Plain(h.GetDate()), terminal.Plain(strings.Join(h.GetSender(), ", ")), terminal.Plain(h.GetSubject()))
	}
	_, _ = l.WriteString(strings.Join(fields, "\t") + "\n") // flush has the error
}

func (l *plainLister) summary(*pb.ListSummary) {}

func (l *plainLister) flush() error { return l.Flush() }

// numberOf returns a message's number, or "?" where its line of the listing cannot be read.
func numberOf(m *pb.ListedMessage) string {
	if m.MessageNumber == nil {
		return "?"
	}
	return strconv.FormatUint(uint64(m.GetMessageNumber()), 10)
}

func octetsOf(m *pb.ListedMessage) string {
	if m.Octets == nil {
		return "?"
	}
	return strconv.FormatInt(m.GetOctets(), 10)
}

// tableLister prints for a person. It does not wait for the widest entry: 100,000 messages begin to show at once.
type tableLister struct {
	*bufio.Writer

	width  int
	header bool
	begun  bool
}

// Columns of the table, and those between them.
const (
	numberColumns  = 6
	octetsColumns  = 10
	dateColumns    = 16
	dayColumns     = 10 // of a date, in a window that is too narrow for the time
	senderColumns  = 22
	subjectColumns = 20 // at least, but in a narrow window
	leastColumns   = 8
	idColumns      = 16 // that are left for the unique-id, which is never cut
	gap            = "  "
)

// headerColumns returns how wide date, sender and subject are.
func (l *tableLister) headerColumns() (date, sender, subject int) {
	rest := l.width - numberColumns - octetsColumns - dateColumns - idColumns - 5*len(gap)
	if rest >= senderColumns+subjectColumns {
		return dateColumns, senderColumns, rest - senderColumns
	}
	rest += dateColumns - dayColumns
	sender = max(rest/3, leastColumns)
	return dayColumns, sender, max(rest-sender, leastColumns)
}

func (l *tableLister) row(number, octets, date, sender, subject, id string) {
	fields := []string{fmt.Sprintf("%*s", numberColumns, number), fmt.Sprintf("%*s", octetsColumns, octets)}
	if l.header {
		dates, senders, subjects := l.headerColumns()
		date = date[:min(len(date), dates)]
		fields = append(fields, terminal.Fit(date, dates), terminal.Fit(sender, senders), terminal.Fit(subject, subjects))
	}
	_, _ = l.WriteString(strings.Join(append(fields, id), gap) + "\n") // flush has the error
}

func (l *tableLister) begin() {
	if !l.begun {
		l.row("NUMBER", "OCTETS", "DATE", "FROM", "SUBJECT", "UNIQUE-ID")
		l.begun = true
	}
}

func (l *tableLister) message(m *pb.ListedMessage) {
	l.begin()
	h := m.GetHeader()
	date, subject, id := h.GetDate(), h.GetSubject(), m.GetUniqueId()
	if len(date) >= len("2006-01-02T15:04") {
		date = strings.Replace(date[:len("2006-01-02T15:04")], "T", " ", 1)
	}
	if f := m.GetFailure(); f != nil {
		subject = "(" + f.GetResponse() + ")"
	}
	switch {
	case m.GetLine() != "":
		id = "(a line that cannot be read: " + m.GetLine() + ")"
	case m.GetIdKind() == pb.UniqueIdKind_UNIQUE_ID_KIND_DUPLICATE:
		id += " (another message has it too)"
	case m.GetIdKind() == pb.UniqueIdKind_UNIQUE_ID_KIND_MISSING:
		id = "(none)"
	}
	l.row(numberOf(m), octetsOf(m), terminal.Plain(date), terminal.Plain(strings.Join(h.GetSender(), ", ")),
		terminal.Plain(subject), terminal.Plain(id))
}

func (l *tableLister) summary(s *pb.ListSummary) {
	_, _ = fmt.Fprintf(l, "%d messages, %d octets\n", s.GetMessages(), s.GetOctets()) // flush has the error
	for _, f := range s.GetFindings() {
		_, _ = fmt.Fprintln(l, "note:", findings[f])
	}
}

func (l *tableLister) flush() error { return l.Flush() }

// jsonLister prints one object a line.
type jsonLister struct {
	*bufio.Writer

	encoder *json.Encoder
}

func newJSONLister(w *bufio.Writer) *jsonLister {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return &jsonLister{w, encoder}
}

// jsonMessage is a message as an object.
type jsonMessage struct {
	Number     *uint32  `json:"number,omitempty"`
	Octets     *int64   `json:"octets,omitempty"`
	UniqueID   string   `json:"unique_id"`
	IDKind     string   `json:"id_kind"`
	Line       string   `json:"line,omitempty"`
	Date       string   `json:"date,omitempty"`
	Sender     []string `json:"sender,omitempty"`
	Recipients []string `json:"recipients,omitempty"`
	Subject    string   `json:"subject,omitempty"`
	MessageID  string   `json:"message_id,omitempty"`
	Failure    string   `json:"failure,omitempty"`
}

func (l *jsonLister) message(m *pb.ListedMessage) {
	h := m.GetHeader()
	_ = l.encoder.Encode(jsonMessage{ //nolint:errchkjson // flush has the error
		Number: m.MessageNumber, Octets: m.Octets, UniqueID: m.GetUniqueId(), IDKind: kindName(m.GetIdKind()), Line: m.GetLine(),
		Date: h.GetDate(), Sender: h.GetSender(), Recipients: h.GetRecipients(), Subject: h.GetSubject(), MessageID: h.GetMessageId(),
		Failure: m.GetFailure().GetResponse(),
	})
}

func (l *jsonLister) summary(*pb.ListSummary) {}

func (l *jsonLister) flush() error { return l.Flush() }

func kindName(k pb.UniqueIdKind) string {
	return strings.TrimPrefix(k.String(), "UNIQUE_ID_KIND_")
}

// findings say to a person what is odd about a server.
var findings = map[pb.Finding]string{
	pb.Finding_FINDING_UNIQUE_IDS_DUPLICATE: "some messages share a unique-id: they are fetched each time",
	pb.Finding_FINDING_UNIQUE_IDS_MISSING:   "some messages have no unique-id: they are fetched each time",
	pb.Finding_FINDING_PIPELINING_BROKEN:    "the server says that it can do pipelining, and cannot: it is slow",
	pb.Finding_FINDING_SIZES_WRONG:          "the server gives wrong sizes",
	pb.Finding_FINDING_EXPIRE_ZERO:          "the server removes what was fetched, kept or not",
	pb.Finding_FINDING_LISTING_DAMAGED:      "some lines of the server's listing cannot be read",
	pb.Finding_FINDING_UNIQUE_IDS_UNSTABLE:  "the server gives messages new unique-ids at each login: they are fetched each time",
	pb.Finding_FINDING_LOGIN_DELAY:          "the server wants long pauses between logins: deletions come in one batch, at the end",
}
