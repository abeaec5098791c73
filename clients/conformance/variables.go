package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// variables are what ${name} stands for.
type variables map[string]any

var reference = regexp.MustCompile(`\$\{([^}]+)\}`)

// fill puts the values of variables into a value. A text that is one reference and nothing else becomes the variable's value, of
// whatever type; inside a text it becomes a part of it.
func (v variables) fill(value any) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		filled := make(map[string]any, len(value))
		for key, field := range value {
			var err error
			if filled[key], err = v.fill(field); err != nil {
				return nil, err
			}
		}
		return filled, nil
	case []any:
		filled := make([]any, len(value))
		for i, element := range value {
			var err error
			if filled[i], err = v.fill(element); err != nil {
				return nil, err
			}
		}
		return filled, nil
	case string:
		return v.fillText(value)
	}
	return value, nil
}

func (v variables) fillText(text string) (any, error) {
	if m := reference.FindStringSubmatch(text); m != nil && m[0] == text {
		return v.get(m[1])
	}
	var failed error
	filled := reference.ReplaceAllStringFunc(text, func(found string) string {
		value, err := v.get(reference.FindStringSubmatch(found)[1])
		if err != nil {
			failed = err
		}
		return fmt.Sprint(value)
	})
	return filled, failed
}

func (v variables) get(name string) (any, error) {
	value, ok := v[name]
	if !ok {
		return nil, fmt.Errorf("there is no variable %s", name)
	}
	return value, nil
}

// save keeps what stands at a path of an answer, such as responses.0.sessionId.
func (v variables) save(name, path string, answer any) error {
	value := answer
	for key := range strings.SplitSeq(path, ".") {
		switch container := value.(type) {
		case map[string]any:
			value = container[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(container) {
				return fmt.Errorf("the answer has no %s", path)
			}
			value = container[i]
		default:
			return fmt.Errorf("the answer has no %s", path)
		}
	}
	if value == nil {
		return fmt.Errorf("the answer has no %s", path)
	}
	if number, ok := value.(json.Number); ok {
		value = number.String()
	}
	v[name] = value
	return nil
}
