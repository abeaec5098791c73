package results

import (
	"fmt"
	"slices"
	"strings"
)

const heading = `# Real servers

What ` + "`bash interop/run.sh`" + ` has found, which writes this file: popgate, as a running process, drove each server in every mode and
with every login that it has, and compared what came with what was seeded, and with what a direct connection got. The jobs of
MailboxService (mailbox) ran in one mode, IMPLICIT where it can be; what they left behind was looked at by direct connections.
**yes**: every check of it was as it has to be, in every mode; **no**: the server does not have it, and popgate said so as the
contract has it; **FAILED**: a check failed; an empty cell: the server does not offer it. The numbers are the notes below.

`

// Table is Markdown with a column a server, in the given order, as far as it
// has a report.
func Table(servers []string, reports map[string]*Report) string {
	servers = slices.DeleteFunc(slices.Clone(servers), func(name string) bool { return reports[name] == nil })
	t := table{}
	for _, name := range servers {
		t.read(reports[name])
	}
	var out strings.Builder
	out.WriteString(heading + "| feature |")
	for _, name := range servers {
		fmt.Fprintf(&out, " %s %s |", name, reports[name].Version)
	}
	out.WriteString("\n| --- |" + strings.Repeat(" --- |", len(servers)) + "\n")
	for _, feature := range t.features {
		fmt.Fprintf(&out, "| %s |", feature)
		for _, name := range servers {
			fmt.Fprintf(&out, " %s |", t.text(name, feature))
		}
		out.WriteString("\n")
	}
	if len(t.notes) > 0 {
		out.WriteString("\n")
	}
	for i, note := range t.notes {
		fmt.Fprintf(&out, "%d. %s\n", i+1, note)
	}
	return out.String()
}

// A table is the reports by feature. A feature stands where it was first met.
type table struct {
	features []string
	cells    map[[2]string]*cell // by server and feature
	notes    []string            // without repetitions
}

// A cell is the worst outcome of a feature over all modes, and its notes.
type cell struct {
	outcome Outcome
	failed  []string // modes
	notes   []string
}

func (t *table) read(r *Report) {
	if t.cells == nil {
		t.cells = map[[2]string]*cell{}
	}
	for _, c := range r.Checks {
		t.place(c.Feature)
		key := [2]string{r.Server, c.Feature}
		if t.cells[key] == nil {
			t.cells[key] = &cell{outcome: c.Outcome}
		}
		t.cells[key].add(c)
	}
}

// place gives a feature its row: behind the last one of its group, which is
// what stands before the colon.
func (t *table) place(feature string) {
	if slices.Contains(t.features, feature) {
		return
	}
	group, _, _ := strings.Cut(feature, ":")
	at := len(t.features)
	for i, other := range t.features {
		if strings.HasPrefix(other, group+":") {
			at = i + 1
		}
	}
	t.features = slices.Insert(t.features, at, feature)
}

func (c *cell) add(check *Check) {
	if check.Outcome == Failed {
		c.outcome = Failed
		c.failed = append(c.failed, check.Mode)
	}
	if check.Outcome == Works && c.outcome == Absent {
		c.outcome = Works // in one mode, and the note says why not in the other
	}
	if check.Note != "" && !slices.Contains(c.notes, check.Note) {
		c.notes = append(c.notes, check.Note)
	}
}

// text is what stands in the table.
func (t *table) text(server, feature string) string {
	c := t.cells[[2]string{server, feature}]
	if c == nil {
		return ""
	}
	parts := []string{map[Outcome]string{Works: "yes", Absent: "no", Failed: "**FAILED** in " + strings.Join(c.failed, ", ")}[c.outcome]}
	for _, note := range c.notes {
		i := slices.Index(t.notes, note)
		if i < 0 {
			i = len(t.notes)
			t.notes = append(t.notes, note)
		}
		parts = append(parts, fmt.Sprintf("[%d]", i+1))
	}
	return strings.Join(parts, " ")
}
