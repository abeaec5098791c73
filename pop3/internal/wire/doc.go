// Package wire is the grammar of POP3 (RFC 1939 section 3): lines, status indicators, response codes and dot-stuffing. It
// knows no commands, waits for nothing and opens nothing: it works on an io.Reader and on slices.
package wire
