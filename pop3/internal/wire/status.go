package wire

import (
	"bytes"
	"strings"
)

// Status is a status indicator (RFC 1939 section 3).
type Status int

const (
	// Neither is a line that begins with no status indicator.
	Neither Status = iota
	// OK is +OK.
	OK
	// Err is -ERR.
	Err
)

// ParseStatus splits a status line into its indicator and the text behind it. The indicator is a whole word in capital
// letters; lenient takes any line that begins with "+" for OK, and all others for Err, as poplib does.
func ParseStatus(line []byte, lenient bool) (Status, []byte) {
	word, text, _ := bytes.Cut(line, []byte(" "))
	switch {
	case string(word) == "+OK":
		return OK, text
	case string(word) == "-ERR":
		return Err, text
	case lenient && bytes.HasPrefix(line, []byte("+")):
		return OK, text
	case lenient:
		return Err, text
	}
	return Neither, nil
}

// The response codes that are registered (RFC 2449 section 8, RFC 3206, RFC 6856).
var responseCodes = []string{"AUTH", "IN-USE", "LOGIN-DELAY", "SYS/PERM", "SYS/TEMP", "UTF8"}

// ResponseCode returns the response code at the beginning of a -ERR line's text, in capital letters and without brackets, or
// "". A code that is not registered is text; of one that is refined by further levels ("SYS/TEMP/DISK") the registered part
// counts.
func ResponseCode(text []byte) string {
	rest, ok := bytes.CutPrefix(text, []byte("["))
	if !ok {
		return ""
	}
	inside, _, ok := bytes.Cut(rest, []byte("]"))
	if !ok {
		return ""
	}
	given := strings.ToUpper(string(inside))
	for _, code := range responseCodes {
		if given == code || strings.HasPrefix(given, code+"/") {
			return code
		}
	}
	return ""
}
