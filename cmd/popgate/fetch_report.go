package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/popgate/popgate/cmd/popgate/internal/store"
	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// fetchCount is what fetch came to.
type fetchCount struct {
	Stored     int   `json:"stored"`
	Octets     int64 `json:"octets"`     // of what was stored
	Duplicate  int   `json:"duplicate"`  // was there already
	Deleted    int   `json:"deleted"`    // at the server
	Refused    int   `json:"refused"`    // by the server
	Failed     int   `json:"failed"`     // to be stored
	Unreadable int   `json:"unreadable"` // lines of the listing
	Unknown    int   `json:"unknown"`    // whether it is deleted
	Undeleted  int   `json:"undeleted"`  // though it should be
}

// fetchReport tells how a fetch goes: by a bar, by JSON, or by its result alone.
type fetchReport struct {
	stdout, stderr io.Writer
	encoder        *json.Encoder // nil without --json
	bar            *progressbar.ProgressBar
	octets         int64 // of the bar
	known          []pb.Finding
	count          fetchCount
}

func newFetchReport(stdout, stderr io.Writer, asJSON bool) *fetchReport {
	r := &fetchReport{stdout: stdout, stderr: stderr}
	switch {
	case asJSON:
		r.encoder = json.NewEncoder(stdout)
		r.encoder.SetEscapeHTML(false)
	case terminal.Width(stderr) > 0:
		r.bar = progressbar.NewOptions64(0, progressbar.OptionSetWriter(stderr), progressbar.OptionShowBytes(true),
			progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	return r
}

// fetchEvent is a line of --json.
type fetchEvent struct {
	Event    string   `json:"event"`
	Messages *int     `json:"messages,omitempty"`
	New      *int     `json:"new,omitempty"`
	UniqueID *string  `json:"unique_id,omitempty"`
	SHA256   string   `json:"sha256,omitempty"`
	Octets   *int64   `json:"octets,omitempty"`
	File     string   `json:"file,omitempty"`
	Error    string   `json:"error,omitempty"`
	Response string   `json:"response,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
	Deleted  *int     `json:"deleted,omitempty"`
	Kept     *int     `json:"kept,omitempty"`
	Unknown  *int     `json:"unknown,omitempty"`
	Findings []string `json:"findings,omitempty"`
}

// tell prints an event. That it cannot be written does not hold up the fetch: end notices.
func (r *fetchReport) tell(e fetchEvent) {
	if r.encoder != nil {
		_ = r.encoder.Encode(e) //nolint:errchkjson // end notices
	}
}

// linef prints a line for a person, above the bar.
func (r *fetchReport) linef(format string, args ...any) {
	if r.encoder != nil {
		return
	}
	if r.bar != nil {
		_ = r.bar.Clear() // it is only drawn
	}
	_, _ = fmt.Fprintf(r.stderr, format+"\n", args...) // as with every error of standard error
}

// offered tells of a listing, or a part of it, and what is wanted of it.
func (r *fetchReport) offered(messages, wanted int, octets int64) {
	r.tell(fetchEvent{Event: "offered", Messages: &messages, New: &wanted, Octets: &octets})
	if r.octets += octets; r.bar != nil {
		r.bar.ChangeMax64(r.octets)
	}
}

// progress tells of octets that have come.
func (r *fetchReport) progress(octets int) {
	if r.bar != nil {
		_ = r.bar.Add(octets) // more than the server said: the bar stays full
	}
}

// stored tells of a message that is on the disk, now or before.
func (r *fetchReport) stored(m *store.Message, before bool) {
	octets := m.Octets()
	e := fetchEvent{Event: "stored", UniqueID: &m.UniqueID, SHA256: hex.EncodeToString(m.SHA256()), Octets: &octets, File: m.File}
	if before {
		e.Event = "duplicate"
		r.count.Duplicate++
	} else {
		r.count.Stored++
		r.count.Octets += octets
	}
	r.tell(e)
}

// refused tells of a message that the server does not hand out.
func (r *fetchReport) refused(uniqueID, response string) {
	r.count.Refused++
	r.tell(fetchEvent{Event: "refused", UniqueID: &uniqueID, Response: response})
	r.linef("popgate: %s: the server refused it: %s", terminal.Plain(uniqueID), terminal.Plain(response))
}

// failed tells of a message that could not be stored.
func (r *fetchReport) failed(uniqueID string, err error) {
	r.count.Failed++
	r.tell(fetchEvent{Event: "failed", UniqueID: &uniqueID, Error: err.Error()})
}

// commit tells what became of a batch at the server.
func (r *fetchReport) commit(c *pb.Commit, deletes bool) {
	var deleted, kept, unknown int
	for _, m := range c.GetMessages() {
		switch m.GetOutcome() {
		case pb.DeleteOutcome_DELETE_OUTCOME_DELETED:
			deleted++
		case pb.DeleteOutcome_DELETE_OUTCOME_KEPT:
			kept++
			if deletes {
				r.count.Undeleted++
				r.linef("popgate: %s: the server did not delete it: %s", terminal.Plain(m.GetUniqueId()), terminal.Plain(m.GetResponse()))
			}
		case pb.DeleteOutcome_DELETE_OUTCOME_UNKNOWN:
			unknown++
		}
	}
	r.count.Deleted += deleted
	r.count.Unknown += unknown
	r.tell(fetchEvent{
		Event: "commit", Outcome: strings.TrimPrefix(c.GetOutcome().String(), "COMMIT_OUTCOME_"), Response: c.GetResponse(),
		Deleted: &deleted, Kept: &kept, Unknown: &unknown,
	})
}

// findings tells what is odd about the server.
func (r *fetchReport) findings(list []pb.Finding) {
	r.known = list
	for _, f := range list {
		r.linef("note: %s", findings[f])
	}
}

// end tells the result; a person is told only if there is one.
func (r *fetchReport) end(deletes, some bool) error {
	if r.bar != nil {
		_ = r.bar.Finish() // it is only drawn
	}
	if r.encoder != nil {
		names := []string{}
		for _, f := range r.known {
			names = append(names, strings.TrimPrefix(f.String(), "FINDING_"))
		}
		return r.encoder.Encode(struct {
			Event string `json:"event"`
			fetchCount

			Findings []string `json:"findings"`
		}{"summary", r.count, names})
	}
	if !some {
		return nil
	}
	text := fmt.Sprintf("stored %d messages, %d octets", r.count.Stored, r.count.Octets)
	if r.count.Duplicate > 0 {
		text += fmt.Sprintf("; %d were there already", r.count.Duplicate)
	}
	if deletes {
		text += fmt.Sprintf("; deleted %d at the server", r.count.Deleted)
	}
	_, err := fmt.Fprintln(r.stdout, text)
	return err
}
