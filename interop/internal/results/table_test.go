package results_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/popgate/popgate/interop/internal/results"
)

// TestTable: a failure in one mode outweighs what works in the others, a row
// joins its group, equal notes are one, and a server without a report has no
// column.
func TestTable(t *testing.T) {
	dir := t.TempDir()
	for _, r := range []*results.Report{
		{Server: "one", Version: "1.0", Checks: []*results.Check{
			{Feature: "mode: A", Mode: "A", Outcome: results.Works},
			{Feature: "RPC: Capa", Mode: "A", Outcome: results.Works},
			{Feature: "mode: B", Mode: "B", Outcome: results.Works},
			{Feature: "RPC: Capa", Mode: "B", Outcome: results.Failed},
			{Feature: "RPC: Lang", Mode: "A", Outcome: results.Absent, Note: "not in CAPA"},
			{Feature: "RPC: Lang", Mode: "B", Outcome: results.Absent, Note: "not in CAPA"},
		}},
		{Server: "two", Version: "2.0", Checks: []*results.Check{
			{Feature: "RPC: Capa", Mode: "A", Outcome: results.Works, Note: "in its own way"},
			{Feature: "RPC: Lang", Mode: "A", Outcome: results.Absent, Note: "not in CAPA"},
			{Feature: "RPC: Lang", Mode: "B", Outcome: results.Works},
		}},
	} {
		if err := results.Write(filepath.Join(dir, r.Server+".json"), r); err != nil {
			t.Fatal(err)
		}
	}
	reports, err := results.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	const want = `| feature | one 1.0 | two 2.0 |
| --- | --- | --- |
| mode: A | yes |  |
| mode: B | yes |  |
| RPC: Capa | **FAILED** in B | yes [1] |
| RPC: Lang | no [2] | yes [2] |

1. in its own way
2. not in CAPA
`
	got := results.Table([]string{"one", "missing", "two"}, reports)
	if _, table, _ := strings.Cut(got, "\n\n"); !strings.HasSuffix(table, "\n"+want) {
		t.Errorf("the table is\n%s\nwant at its end\n%s", got, want)
	}
}
