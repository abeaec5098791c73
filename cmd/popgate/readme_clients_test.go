package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// languages are those with a package, and the words behind the fences of their code.
var languages = map[string]string{"go": "go", "python": "python", "typescript": "ts", "java": "java", "rust": "rust", "cpp": "cpp"}

// TestReadmeOfClients: what the README shows of each language is the first example of its package, which that package's own tests run
// against the demo, from an empty project.
func TestReadmeOfClients(t *testing.T) {
	read := func(file string) []block {
		text, err := os.ReadFile(filepath.Join(checkout, file))
		if err != nil {
			t.Fatal(err)
		}
		blocks, _ := parseBlocks(string(text)) // a package's README indents a fence where it likes
		return blocks
	}
	shown := read("README.md")
	for language, word := range languages {
		for _, b := range read("clients/" + language + "/README.md") {
			if b.word != word {
				continue
			}
			if !slices.ContainsFunc(shown, func(s block) bool { return s.word == word && strings.TrimSpace(s.text) == strings.TrimSpace(b.text) }) {
				t.Errorf("%s: README.md does not show\n%s", language, b.text)
			}
			break
		}
	}
	if folders, _ := filepath.Glob(filepath.Join(checkout, "clients", "*", "test")); len(folders) != len(languages) {
		t.Errorf("%d packages, %d languages", len(folders), len(languages))
	}
}
