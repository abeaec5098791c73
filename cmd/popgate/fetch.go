package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/popgate/popgate/cmd/popgate/internal/store"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// fetchConfig are the settings of popgate fetch.
type fetchConfig struct {
	mailbox          mailboxConfig
	format           store.Format
	keep, deleteThem bool
	asJSON           bool
}

func fetchCommand() *cobra.Command {
	var c fetchConfig
	cmd := &cobra.Command{
		Use:   "fetch MAILBOX DIR",
		Short: "Fetch new messages into a Maildir or as .eml files",
		Long: `Fetch the messages of a mailbox that DIR does not have yet: into a Maildir, or as .eml files, octet by octet as the server has them.

Each message is written whole and synced to the disk before it counts as stored, and with --delete it is deleted at the server only
then. Whatever dies, nothing is lost, no half message is seen, and the next run goes on. Unique-id and SHA-256 together say what DIR
has already: the file popgate-index knows it, and so does the name of each message's file. With --delete, messages that DIR has are
fetched once more, compared, and deleted. Gmail, and servers that say EXPIRE 0, remove what was fetched, even with --keep.

On a terminal a bar shows how far it is; elsewhere only the result is printed. --json prints an object a line for each thing that
happens: "event" is offered, stored, duplicate, refused, failed, commit or summary.

The first SIGINT or SIGTERM asks for no more messages, stores and deletes what is on its way, and ends. The second ends at once.

` + mailboxHelp + "\n\n" + statusHelp + " Here: some message was refused, not stored, or not deleted, or a signal left some for the next run.",
		Example: `  popgate fetch alice@example.com Mail
  popgate fetch --delete --direct pops://alice@mail.example.com Mail
  popgate fetch --format eml --json --gateway popgate.internal.example:9110 --tls pop://alice@mail.example.com archive`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args[0], args[1]) },
	}
	c.mailbox.flags(cmd)
	c.format = store.Maildir
	f := cmd.Flags()
	f.TextVar(&c.format, "format", store.Maildir, "`format` of DIR: maildir or eml")
	f.BoolVar(&c.keep, "keep", false, "leave the messages at the server; so it is without --delete too")
	f.BoolVar(&c.deleteThem, "delete", false, "delete each message at the server when it is stored")
	f.BoolVar(&c.asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func (c *fetchConfig) run(cmd *cobra.Command, mailbox, dir string) (err error) {
	if c.keep && c.deleteThem {
		return &usageError{errors.New("--keep and --delete do not go together")}
	}
	a, err := c.mailbox.access(cmd, mailbox)
	if err != nil {
		return err
	}
	defer a.close()
	into, err := store.Open(dir, c.format, a.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	report := newFetchReport(cmd.OutOrStdout(), cmd.ErrOrStderr(), c.asJSON)
	f := &fetcher{access: a, store: into, report: report, disposition: pb.Disposition_DISPOSITION_KEEP}
	if c.deleteThem {
		f.disposition = pb.Disposition_DISPOSITION_DELETE
	}
	err = f.run(cmd.Context())
	some := report.count.Stored+report.count.Duplicate > 0
	if errReport := report.end(f.deletes(), err == nil || some); err == nil {
		err = errReport
	}
	if err != nil && some {
		return &partialError{err}
	}
	return err
}

// undone returns an error that says what is not done, or nil.
func (n *fetchCount) undone() error {
	var errs []error
	for _, part := range []struct {
		count int
		what  string
	}{
		{n.Refused, "messages that the server refused: %d"},
		{n.Unreadable, "lines of the server's listing that cannot be read: %d"},
		{n.Unknown, "messages that may or may not be deleted: %d"},
		{n.Undeleted, "messages that the server did not delete: %d"},
	} {
		if part.count > 0 {
			errs = append(errs, fmt.Errorf(part.what, part.count))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return &partialError{errors.Join(errs...)}
}
