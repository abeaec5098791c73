// Package results holds what the tests against real servers have found, from
// the test of one server to the table of all.
package results

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// An Outcome is what came of a check.
type Outcome string

const (
	// Works means that everything was as it has to be.
	Works Outcome = "works"
	// Absent means that the server does not have it, and that the gateway says so.
	Absent Outcome = "absent"
	// Failed means that the check has failed.
	Failed Outcome = "failed"
)

// A Check is one feature of a server in one mode.
type Check struct {
	Feature string  `json:"feature"`
	Mode    string  `json:"mode,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Note is what the server does in its own way, or why the feature is absent.
	Note string `json:"note,omitempty"`
}

// A Report is all checks of a server, in order.
type Report struct {
	Server  string   `json:"server"`
	Version string   `json:"version"`
	Checks  []*Check `json:"checks"`
}

// Add adds a check before it is made, so that the order is that of the tests
// and not that of their ends, and returns it. It is complete when the tests
// have ended.
func (r *Report) Add(c Check) *Check {
	r.Checks = append(r.Checks, &c)
	return &c
}

// Write stores a report as JSON.
func Write(file string, r *Report) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// Read returns the reports in a directory by server.
func Read(dir string) (map[string]*Report, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	reports := map[string]*Report{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		r := new(Report)
		if err := json.Unmarshal(text, r); err != nil {
			return nil, err
		}
		reports[r.Server] = r
	}
	return reports, nil
}
