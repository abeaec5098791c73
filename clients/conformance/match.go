package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// match compares an answer with what was wanted, as far as it was wanted: an object may have more fields than are wanted, a list
// that ends in "..." more elements. Zero is the same as absent, and a number the same as its digits, as in proto3 JSON. An object
// with the one key $in holds what is all right, $starts how a text begins; {$any: true} is anything but absent or zero.
func match(want, got any, path string) error {
	switch want := want.(type) {
	case map[string]any:
		if special, err := matchSpecial(want, got, path); special {
			return err
		}
		return matchObject(want, got, path)
	case []any:
		return matchList(want, got, path)
	}
	if isZero(want) && isZero(got) {
		return nil
	}
	if scalar(want) != scalar(got) || got == nil {
		return fmt.Errorf("%s is %s, want %s", path, show(got), show(want))
	}
	return nil
}

func matchSpecial(want map[string]any, got any, path string) (special bool, err error) {
	if len(want) != 1 {
		return false, nil
	}
	for key, operand := range want {
		switch key {
		case "$in":
			for _, one := range operand.([]any) {
				if match(one, got, path) == nil {
					return true, nil
				}
			}
			return true, fmt.Errorf("%s is %s, want one of %s", path, show(got), show(operand))
		case "$starts":
			if text, ok := got.(string); !ok || !strings.HasPrefix(text, operand.(string)) {
				return true, fmt.Errorf("%s is %s, want something that begins with %s", path, show(got), show(operand))
			}
			return true, nil
		case "$any":
			if isZero(got) {
				return true, fmt.Errorf("%s is missing", path)
			}
			return true, nil
		}
	}
	return false, nil
}

func matchObject(want map[string]any, got any, path string) error {
	object, ok := got.(map[string]any)
	if !ok && !isZero(got) {
		return fmt.Errorf("%s is %s, want an object", path, show(got))
	}
	for key, value := range want {
		if err := match(value, object[key], path+"."+key); err != nil {
			return err
		}
	}
	return nil
}

func matchList(want []any, got any, path string) error {
	list, ok := got.([]any)
	if !ok && !isZero(got) {
		return fmt.Errorf("%s is %s, want a list", path, show(got))
	}
	if n := len(want); n > 0 && want[n-1] == "..." {
		want = want[:n-1]
		list = list[:min(len(list), n-1)]
	}
	if len(want) != len(list) {
		return fmt.Errorf("%s has %d elements, want %d: %s", path, len(list), len(want), show(got))
	}
	for i := range want {
		if err := match(want[i], list[i], path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return nil
}

// isZero reports whether proto3 JSON may leave a value out.
func isZero(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case json.Number:
		return v == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return reflect.ValueOf(v).IsZero()
}

func scalar(v any) string { return fmt.Sprint(v) }

// show writes a value for people.
func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(text) > 400 {
		return string(text[:400]) + "…"
	}
	return string(text)
}
