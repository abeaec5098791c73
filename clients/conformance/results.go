package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// writeResults writes which cases a client has passed.
func writeResults(dir, language string, passed map[string]bool) error {
	text, err := json.MarshalIndent(passed, "", "  ") // in the order of the names
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "results")
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a folder of the repository
		return err
	}
	return os.WriteFile(filepath.Join(folder, language+".json"), append(text, '\n'), 0o644) //nolint:gosec // for all to read
}

// results are those of one client.
type results struct {
	language string
	passed   map[string]bool
}

func readResults(dir string) ([]results, error) {
	files, err := filepath.Glob(filepath.Join(dir, "results", "*.json")) // sorted
	if err != nil {
		return nil, err
	}
	all := make([]results, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // a file of the repository
		if err != nil {
			return nil, err
		}
		r := results{language: strings.TrimSuffix(filepath.Base(file), ".json")}
		if err := json.Unmarshal(text, &r.passed); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// table writes CONFORMANCE.md, or compares it.
func (s *suite) table(dir string, check bool) error {
	all, err := readResults(dir)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "..", "CONFORMANCE.md")
	text := s.markdown(all)
	if !check {
		return os.WriteFile(file, text, 0o644) //nolint:gosec // for all to read
	}
	there, err := os.ReadFile(file) //nolint:gosec // a file of the repository
	if err != nil {
		return err
	}
	if !bytes.Equal(there, text) {
		return fmt.Errorf("%s is not what the results say: go run ./clients/conformance -table", file)
	}
	return s.complete(all)
}

// complete returns an error where a client has not passed each of the cases, and no other.
func (s *suite) complete(all []results) error {
	for _, r := range all {
		for _, c := range s.Cases {
			if !r.passed[c.Name] {
				return fmt.Errorf("%s has not passed %s", r.language, c.Name)
			}
		}
		if len(r.passed) != len(s.Cases) {
			return fmt.Errorf("the results of %s have cases that are gone", r.language)
		}
	}
	return nil
}

// markdown is the table: a row a case, a column a client.
func (s *suite) markdown(all []results) []byte {
	var out bytes.Buffer
	out.WriteString("# Conformance\n\n" +
		"What each client was seen to do, by [the suite](conformance/README.md): `go run ./clients/conformance -table` writes this.\n" +
		"✓ passed, ✗ failed, – not played.\n\n| case |")
	for _, r := range all {
		out.WriteString(" " + r.language + " |")
	}
	out.WriteString("\n| --- |" + strings.Repeat(" --- |", len(all)) + "\n")
	for _, c := range s.Cases {
		out.WriteString("| " + c.Name + " |")
		for _, r := range all {
			mark := "–"
			if ok, played := r.passed[c.Name]; played {
				mark = map[bool]string{true: "✓", false: "✗"}[ok]
			}
			out.WriteString(" " + mark + " |")
		}
		out.WriteString("\n")
	}
	out.WriteString("\n## Reasons that no case brings about\n\n")
	names := make([]string, 0, len(s.Unreachable))
	for name := range s.Unreachable {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out.WriteString("* `" + name + "`: " + s.Unreachable[name] + "\n")
	}
	return out.Bytes()
}
