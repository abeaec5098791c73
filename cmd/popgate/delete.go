package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// deletedAtOnce is how many messages a call of DeleteMessages takes.
const deletedAtOnce = 10_000

func deleteCommand() *cobra.Command {
	var (
		c      mailboxConfig
		file   string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "delete MAILBOX [UNIQUE-ID...]",
		Short: "Delete messages by unique-id",
		Long: `Delete messages by unique-id, as list prints it, and say of each what became of it:
  DELETED    it is gone
  NOT_FOUND  no message has the unique-id: it is gone already
  AMBIGUOUS  two messages have the unique-id: nothing was deleted
  KEPT       the server refused to delete it
  UNKNOWN    the connection was lost at the end, and it cannot be told; repeating the command is safe

The output is one message a line: outcome, unique-id, and the server's text where it refused, parted by tabs.

` + mailboxHelp + "\n\n" + statusHelp + " Here: some outcome is AMBIGUOUS, KEPT or UNKNOWN.",
		Example: `  popgate delete alice@example.com 738f5481e5b320a9 d61742a38cb69579
  popgate delete --from-file ids.txt --direct pops://alice@mail.example.com`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := idsToDelete(args[1:], file, cmd.InOrStdin())
			if err != nil {
				return err
			}
			a, err := c.access(cmd, args[0])
			if err != nil {
				return err
			}
			defer a.close()
			return deleteMessages(cmd.Context(), a, ids, cmd.OutOrStdout(), asJSON)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&file, "from-file", "", "`file` with further unique-ids, one a line; - is standard input")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// idsToDelete returns the unique-ids of the arguments and of the file, each once.
func idsToDelete(args []string, file string, stdin io.Reader) ([]string, error) {
	ids := args
	if file != "" {
		text, err := readAll(file, stdin)
		if err != nil {
			return nil, fmt.Errorf("--from-file: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			ids = append(ids, strings.TrimRight(line, "\r\n"))
		}
	}
	seen := map[string]bool{"": true}
	var once []string
	for _, id := range ids {
		if !seen[id] {
			once = append(once, id)
		}
		seen[id] = true
	}
	if len(once) == 0 {
		return nil, &usageError{errors.New("no unique-id: give some behind MAILBOX, or --from-file")}
	}
	return once, nil
}

func readAll(file string, stdin io.Reader) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(file) //nolint:gosec // the user names it
}

// jsonDeleted is what became of a message, as an object.
type jsonDeleted struct {
	UniqueID string `json:"unique_id"`
	Outcome  string `json:"outcome"`
	Response string `json:"response,omitempty"`
}

// deleteMessages deletes, and prints what became of each.
func deleteMessages(ctx context.Context, a *access, ids []string, w io.Writer, asJSON bool) error {
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	undone, total := 0, len(ids)
	for done := 0; len(ids) > 0; {
		now := ids[:min(len(ids), deletedAtOnce)]
		ids = ids[len(now):]
		resp, err := a.client.DeleteMessages(ctx, &pb.DeleteMessagesRequest{
			Server: a.server, Credentials: a.credentials, Messages: toDelete(now),
		})
		if err != nil {
			if err = a.failed(ctx, err); done > 0 {
				return &partialError{err}
			}
			return err
		}
		done += len(now)
		for _, m := range resp.GetMessages() {
			d := jsonDeleted{m.GetUniqueId(), strings.TrimPrefix(m.GetOutcome().String(), "DELETE_OUTCOME_"), m.GetResponse()}
			if o := m.GetOutcome(); o != pb.DeleteOutcome_DELETE_OUTCOME_DELETED && o != pb.DeleteOutcome_DELETE_OUTCOME_NOT_FOUND {
				undone++
			}
			if asJSON {
				_ = encoder.Encode(d) //nolint:errchkjson // Flush has the error
				continue
			}
			line := d.Outcome + "\t" + terminal.Plain(d.UniqueID)
			if d.Response != "" {
				line += "\t" + terminal.Plain(d.Response)
			}
			_, _ = out.WriteString(line + "\n") // Flush has the error
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	if undone > 0 {
		return &partialError{fmt.Errorf("%d of %d messages are not known to be deleted", undone, total)}
	}
	return nil
}

func toDelete(ids []string) []*pb.MessageToDelete {
	messages := make([]*pb.MessageToDelete, len(ids))
	for i, id := range ids {
		messages[i] = &pb.MessageToDelete{UniqueId: id}
	}
	return messages
}
