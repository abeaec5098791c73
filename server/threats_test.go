package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// threatRows are the first and the last row of each section of docs/threats.md.
var threatRows = map[string][2]int{"A": {1, 22}, "B": {1, 28}, "C": {1, 14}, "D": {1, 14}, "E": {1, 14}, "F": {1, 19}, "G": {1, 10}, "H": {1, 15}, "I": {1, 12}}

// mostLeftOut is how many rows may say why they have no test.
const mostLeftOut = 3

var (
	threatRow = regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \| (.*) \| (.*) \|$`)
	testName  = regexp.MustCompile("`(\\w+)\\.((?:Test|Fuzz)\\w+)`")
)

// testFolders are the packages that the table names.
var testFolders = map[string]string{
	"pop3": "pop3", "wire": "pop3/internal/wire", "mailbox": "pop3/mailbox", "pop3test": "pop3/pop3test", "server": "server",
	"lostmail": "interop/lostmail", "main": "cmd/popgate",
}

// testsIn returns the tests and fuzz targets of a folder.
func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(files), err)
	}
	found := map[string]bool{}
	for _, file := range files {
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range source.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				found[f.Name.Name] = true
			}
		}
	}
	return found
}

// TestThreatTable keeps docs/threats.md true: every row is there, once, and every test that it names exists.
func TestThreatTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]bool{}
	for name, folder := range testFolders {
		tests[name] = testsIn(t, folder)
	}
	missing := map[string]bool{}
	for section, rows := range threatRows {
		for i := rows[0]; i <= rows[1]; i++ {
			missing[section+strconv.Itoa(i)] = true
		}
	}
	leftOut := 0
	for _, row := range threatRow.FindAllStringSubmatch(string(text), -1) {
		id, defence, named := row[1], row[2], row[3]
		if !missing[id] {
			t.Errorf("%s is there twice, or no threat", id)
		}
		delete(missing, id)
		if strings.TrimSpace(defence) == "" {
			t.Errorf("%s has no defence", id)
		}
		if reason, ok := strings.CutPrefix(named, "left out: "); ok && reason != "" {
			leftOut++
			continue
		}
		for name := range strings.SplitSeq(named, ", ") {
			if testName.FindString(name) != name {
				t.Errorf("%s: %q is no test", id, name)
			}
		}
	}
	for _, name := range testName.FindAllStringSubmatch(string(text), -1) { // in the fault matrix too
		if !tests[name[1]][name[2]] {
			t.Errorf("there is no %s", name[0])
		}
	}
	for id := range missing {
		t.Errorf("%s is not in the table", id)
	}
	if leftOut > mostLeftOut {
		t.Errorf("%d rows are left out", leftOut)
	}
}
