package main

import (
	"encoding/json"
	"testing"
)

func TestMatch(t *testing.T) {
	for name, tt := range map[string]struct {
		want any
		got  string
		ok   bool
	}{
		"same":                {map[string]any{"a": "b"}, `{"a": "b", "more": 1}`, true},
		"other":               {map[string]any{"a": "b"}, `{"a": "c"}`, false},
		"missing":             {map[string]any{"a": "b"}, `{}`, false},
		"null":                {map[string]any{"a": "b"}, `{"a": null}`, false},
		"zero is absent":      {map[string]any{"n": 0, "s": "", "b": false, "l": []any{}, "o": map[string]any{}}, `{}`, true},
		"absent is zero":      {map[string]any{"n": nil}, `{"n": 0}`, true},
		"not absent":          {map[string]any{"error": nil}, `{"error": {"code": "UNKNOWN"}}`, false},
		"number as text":      {map[string]any{"n": 5}, `{"n": "5"}`, true},
		"other number":        {map[string]any{"n": 5}, `{"n": 6}`, false},
		"bool":                {map[string]any{"b": true}, `{"b": false}`, false},
		"object of a text":    {map[string]any{"o": map[string]any{"a": nil}}, `{"o": "text"}`, false},
		"list":                {[]any{1, 2}, `[1, 2]`, true},
		"longer":              {[]any{1, 2}, `[1, 2, 3]`, false},
		"longer as wanted":    {[]any{1, 2, "..."}, `[1, 2, 3]`, true},
		"no longer":           {[]any{1, 2, "..."}, `[1, 2]`, true},
		"shorter":             {[]any{1, 2, "..."}, `[1]`, false},
		"list of a text":      {[]any{1}, `"1"`, false},
		"element":             {[]any{map[string]any{"a": 1}}, `[{"a": 2}]`, false},
		"empty":               {[]any{}, `[1]`, false},
		"in":                  {map[string]any{"$in": []any{"a", "b"}}, `"b"`, true},
		"not in":              {map[string]any{"$in": []any{"a", "b"}}, `"c"`, false},
		"in with none":        {map[string]any{"a": map[string]any{"$in": []any{nil, "b"}}}, `{}`, true},
		"starts":              {map[string]any{"$starts": "+OK"}, `"+OK hi"`, true},
		"does not start":      {map[string]any{"$starts": "+OK"}, `"-ERR +OK"`, false},
		"no text starts":      {map[string]any{"$starts": "+OK"}, `null`, false},
		"any":                 {map[string]any{"$any": true}, `[0]`, true},
		"any object":          {map[string]any{"$any": true}, `{"a": 1}`, true},
		"nothing is not any":  {map[string]any{"a": map[string]any{"$any": true}}, `{}`, false},
		"zero is not any":     {map[string]any{"$any": true}, `0`, false},
		"a list of all zeros": {[]any{nil, nil}, `[{}, 0]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			var got any
			wrapped, err := parseAnswer([]byte(`{"value":` + tt.got + `}`))
			if err != nil {
				t.Fatal(err)
			}
			got = wrapped["value"]
			if err := match(tt.want, got, "answer"); (err == nil) != tt.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestVariables(t *testing.T) {
	v := variables{"port": 110, "mail": map[string]any{"host": "h"}}
	var answer any
	if err := json.Unmarshal([]byte(`{"responses": [{"sessionId": "one.x"}]}`), &answer); err != nil {
		t.Fatal(err)
	}
	if err := v.save("session", "responses.0.sessionId", answer); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"responses.1.sessionId", "responses.x", "responses.0.sessionId.more", "nothing"} {
		if v.save("none", path, answer) == nil {
			t.Errorf("%s is not there, and was saved", path)
		}
	}
	filled, err := v.fill(map[string]any{"list": []any{"${mail}", "h:${port}", "${port}", "${session}", 7}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(filled)
	if want := `{"list":[{"host":"h"},"h:110",110,"one.x",7]}`; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	for _, unknown := range []string{"${none}", "a ${none}"} {
		if _, err := v.fill([]any{unknown}); err == nil {
			t.Errorf("%s was filled", unknown)
		}
	}
}
