package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// originKey is the annotation of a flag that says where its value came from: a line of a file, or a variable. A flag without it that
// was changed came with the command line.
const originKey = "popgate_origin"

func setOrigin(f *pflag.Flag, origin string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[originKey] = []string{origin}
}

// originOf says where a flag's value came from.
func originOf(f *pflag.Flag) string {
	switch origin := f.Annotations[originKey]; {
	case len(origin) > 0:
		return origin[0]
	case f.Changed:
		return "--" + f.Name
	}
	return "default"
}

// fromFile sets the flags that neither the command line nor a variable has set from a YAML file, whose keys are the names of flags. What
// is wrong is told with its line, and an unknown key with the nearest known one.
func fromFile(flags *pflag.FlagSet, file string) error {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	settings, err := parseConfig(text)
	if err != nil {
		return fmt.Errorf("%s:%w", file, err)
	}
	for _, s := range settings {
		if err := s.into(flags, file); err != nil {
			return err
		}
	}
	return nil
}

// isSetting reports whether a flag may stand in a file.
func isSetting(f *pflag.Flag) bool { return f.Name != "help" && f.Name != "config" }

// isList reports whether a flag takes several values.
func isList(f *pflag.Flag) bool {
	switch f.Value.(type) {
	case *targetRules, *sourceAddresses:
		return true
	}
	return false
}

// setting is a key of a file and its values.
type setting struct {
	key    string
	values []*yaml.Node // scalars
	list   bool         // of values, were it of one
	line   int          // of the key
}

// into sets the flag of a setting, where nothing stronger has set it.
func (s setting) into(flags *pflag.FlagSet, file string) error {
	f := flags.Lookup(s.key)
	switch {
	case f == nil || !isSetting(f):
		return fmt.Errorf("%s:%d: unknown key %q%s", file, s.line, s.key, didYouMean(s.key, settingNames(flags)))
	case s.list && !isList(f):
		return fmt.Errorf("%s:%d: %s takes one value, not a list", file, s.line, s.key)
	case f.Changed:
		return nil // the command line and the environment are stronger
	}
	for _, value := range s.values {
		if err := f.Value.Set(value.Value); err != nil {
			return fmt.Errorf("%s:%d: %s: %q: %w", file, value.Line, s.key, value.Value, err)
		}
	}
	f.Changed = true
	setOrigin(f, fmt.Sprintf("%s:%d", file, s.line))
	return nil
}

// yamlLine is how package yaml begins an error.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// atLine returns an error of package yaml that begins with its line.
func atLine(err error) error {
	line := "1"
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil && m[1] != "" {
		line = m[1]
	}
	return fmt.Errorf("%s: %s", line, yamlLine.ReplaceAllString(err.Error(), ""))
}

// parseConfig reads a YAML mapping of keys to scalars or to lists of scalars. Errors begin with the line.
func parseConfig(text []byte) ([]setting, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("1: the file is empty")
	case err != nil:
		return nil, atLine(err)
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%d: not a mapping of keys to values", root.Line)
	}
	var more yaml.Node
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, fmt.Errorf("%d: a second document", more.Line)
	case !errors.Is(err, io.EOF):
		return nil, atLine(err)
	}
	return settingsOf(root)
}

// settingsOf returns the keys and values of a mapping.
func settingsOf(root *yaml.Node) ([]setting, error) {
	var settings []setting
	seen := map[string]int{}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if line, twice := seen[key.Value]; twice {
			return nil, fmt.Errorf("%d: %s stands in line %d already", key.Line, key.Value, line)
		}
		seen[key.Value] = key.Line
		values, ok := scalars(value)
		if !ok {
			return nil, fmt.Errorf("%d: %s has neither a value nor a list of values", value.Line, key.Value)
		}
		settings = append(settings, setting{key.Value, values, value.Kind == yaml.SequenceNode, key.Line})
	}
	return settings, nil
}

// scalars returns the values of a node.
func scalars(node *yaml.Node) (values []*yaml.Node, ok bool) {
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag != "!!null":
		return []*yaml.Node{node}, true
	case node.Kind == yaml.SequenceNode:
		for _, item := range node.Content {
			if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
				return nil, false
			}
		}
		return node.Content, true
	}
	return nil, false
}

// settingNames returns the keys that a file may have.
func settingNames(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if isSetting(f) {
			names = append(names, f.Name)
		}
	})
	return names
}

// flagLike returns a key or a variable as the flag that it would be.
func flagLike(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, variablePrefix)), "_", "-")
}

// didYouMean names the key or the variable that is nearest to what was written, if one is near.
func didYouMean(written string, known []string) string {
	near := map[string]int{}
	for _, name := range known {
		near[name] = levenshtein.ComputeDistance(flagLike(written), flagLike(name))
	}
	names := slices.SortedFunc(maps.Keys(near), func(a, b string) int {
		if near[a] != near[b] {
			return near[a] - near[b]
		}
		return strings.Compare(a, b)
	})
	if len(names) == 0 || near[names[0]] > max(2, len(flagLike(names[0]))/3) {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", names[0])
}

// namesFlag is a flag, or the name of one, in an error.
var namesFlag = regexp.MustCompile(`(?:^|--)([a-z][a-z-]*[a-z])`)

// withOrigins adds to an error that names flags in which lines of a file, or in which variables, they stand.
func withOrigins(err error, flags *pflag.FlagSet) error {
	if err == nil {
		return nil
	}
	var origins []string
	for _, match := range namesFlag.FindAllStringSubmatch(err.Error(), -1) {
		if f := flags.Lookup(match[1]); f != nil && len(f.Annotations[originKey]) > 0 && !slices.Contains(origins, originOf(f)) {
			origins = append(origins, originOf(f))
		}
	}
	if len(origins) == 0 {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(origins, ", "))
}
