package main

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a README.
type block struct {
	word    string  // behind the fence
	line    int     // of the fence
	text    string  // with its last line end
	output  *string // the text block after a sh block, or nil
	program *block  // the go block before a sh block, or nil
}

const fence = "```"

func (b block) place() string { return fmt.Sprintf("%d", b.line) }

func (b block) problem(what string) string { return b.place() + ": " + what }

// parseBlocks returns the blocks of a README, and where it breaks the rules of fences.
func parseBlocks(text string) (blocks []block, problems []string) {
	var open *block
	number := 0
	for line := range strings.Lines(text) {
		number++
		word, isFence := strings.CutPrefix(strings.TrimSpace(line), fence)
		switch {
		case isFence && !strings.HasPrefix(line, fence):
			problems = append(problems, fmt.Sprintf("%d: the fence does not begin the line", number))
		case isFence && open == nil && word == "":
			problems = append(problems, fmt.Sprintf("%d: a fence without a word", number))
			open = &block{line: number}
		case isFence && open == nil:
			open = &block{word: word, line: number}
		case isFence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.text += line
		}
	}
	if open != nil {
		problems = append(problems, open.problem("the fence is never closed"))
	}
	for i := range blocks[:max(0, len(blocks)-1)] {
		switch next := &blocks[i+1]; {
		case blocks[i].word == "sh" && next.word == "text":
			blocks[i].output = &next.text
		case blocks[i].word == "go" && next.word == "sh":
			next.program = &blocks[i]
		}
	}
	return blocks, problems
}

// differs tells why an output is not what a text block says, or returns "".
func differs(output, text string) string {
	lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	rest, anywhere := lines, false
	for _, part := range parts(text) {
		if part == nil {
			anywhere = true
			continue
		}
		at := index(rest, part)
		if at < 0 || !anywhere && at > 0 {
			return fmt.Sprintf("the output has no\n%s\n where it should have; it is\n%s", strings.Join(part, "\n"), output)
		}
		rest, anywhere = rest[at+len(part):], false
	}
	if len(rest) > 0 && !anywhere {
		return fmt.Sprintf("the output has more:\n%s", strings.Join(rest, "\n"))
	}
	return ""
}

// parts splits a text block at its lines `...`, for which there is a nil.
func parts(text string) (parts [][]string) {
	var part []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line != "..." {
			part = append(part, line)
			continue
		}
		if part != nil {
			parts = append(parts, part)
		}
		parts, part = append(parts, nil), nil
	}
	if part != nil {
		parts = append(parts, part)
	}
	return parts
}

// index returns where part stands in lines, or -1.
func index(lines, part []string) int {
	for i := range len(lines) - len(part) + 1 {
		if slices.Equal(lines[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func TestDiffers(t *testing.T) {
	tests := []struct {
		output, text string
		same         bool
	}{
		{"a\nb\n", "a\nb\n", true},
		{"a\nb\n", "a\n", false},
		{"a\n", "a\nb\n", false},
		{"a\nb\n", "b\n", false},
		{"a\nb\n", "...\nb\n", true},
		{"a\nb\n", "a\n...\n", true},
		{"a\nb\nc\nd\n", "a\n...\nd\n", true},
		{"a\nb\nc\nd\n", "a\n...\nb\nd\n", false},
		{"a\nb\nc\nd\n", "...\nb\nc\n...\n", true},
		{"a\nb\nc\nd\n", "...\nc\n...\nb\n...\n", false},
		{"a\nb\n", "...\n", true},
		{"a\nb\n", "a\n...\na\n", false},
	}
	for _, test := range tests {
		if why := differs(test.output, test.text); (why == "") != test.same {
			t.Errorf("differs(%q, %q): %q", test.output, test.text, why)
		}
	}
}
