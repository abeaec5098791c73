package drive

import (
	"bytes"
	"crypto/sha256"
	"hash/crc32"
	"testing"
)

// A Part is what a response to Retr and one to Top have in common.
type Part interface {
	GetResponse() string
	GetData() []byte
	GetOctets() int64
	GetCrc32() uint32
	GetSha256() []byte
}

// Join returns the octets of a stream whose last part, and no other, has the
// totals of what came. The status line stands in the first part alone.
func Join[P Part](t *testing.T, parts []P, wantSHA256 bool) []byte {
	t.Helper()
	var data []byte
	for i, p := range parts {
		data = append(data, p.GetData()...)
		if (p.GetResponse() != "") != (i == 0) {
			t.Errorf("part %d of %d has the status line %q", i+1, len(parts), p.GetResponse())
		}
		if last := i == len(parts)-1; !last && (p.GetOctets() != 0 || p.GetCrc32() != 0 || p.GetSha256() != nil) {
			t.Errorf("part %d of %d has totals", i+1, len(parts))
		}
	}
	if len(parts) == 0 {
		t.Fatal("the stream has no parts")
	}
	last := parts[len(parts)-1]
	if last.GetOctets() != int64(len(data)) || last.GetCrc32() != crc32.ChecksumIEEE(data) {
		t.Errorf("totals are %d octets, CRC-32 %08x; of what came %d and %08x",
			last.GetOctets(), last.GetCrc32(), len(data), crc32.ChecksumIEEE(data))
	}
	sum := sha256.Sum256(data)
	if wantSHA256 != bytes.Equal(last.GetSha256(), sum[:]) || !wantSHA256 && last.GetSha256() != nil {
		t.Errorf("SHA-256 is %x, of what came %x, asked for: %t", last.GetSha256(), sum, wantSHA256)
	}
	return data
}

// TopOf is the header of a message, the blank line, and a number of lines of
// the body.
func TopOf(wire []byte, lines int) []byte {
	header, body, blank := bytes.Cut(wire, []byte("\r\n\r\n"))
	if !blank {
		return header // all there is
	}
	top := append(bytes.Clone(header), "\r\n\r\n"...)
	for range lines {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		top = append(top, body[:min(len(line)+1, len(body))]...)
		body = rest
	}
	return top
}
