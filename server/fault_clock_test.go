package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestClock: a clock that is set does not matter, since every wait is measured by the monotonic clock. A time loses its monotonic
// reading by one of these methods alone (package time), so none of them is called here. (time.Unix is a moment that is fixed anyway.)
func TestClock(t *testing.T) {
	wall := []string{"Unix", "UnixMilli", "UnixMicro", "UnixNano", "Round", "Truncate", "AddDate", "In", "UTC", "Local"}
	files := 0
	for _, pattern := range []string{"*.go", "../pop3/*.go", "../pop3/internal/wire/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			files++
			positions := token.NewFileSet()
			file, err := parser.ParseFile(positions, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if f, ok := n.(*ast.SelectorExpr); ok && slices.Contains(wall, f.Sel.Name) {
					if of, ok := f.X.(*ast.Ident); !ok || of.Name != "time" {
						t.Errorf("%v: %s", positions.Position(f.Pos()), f.Sel.Name)
					}
				}
				return true
			})
		}
	}
	if files < 30 {
		t.Errorf("only %d files", files)
	}
}
