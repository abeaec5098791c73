package mailbox

import (
	"bytes"
	"crypto/sha256"
	"hash/crc32"
	"io"
	"strings"
	"testing"
)

// spoil overwrites a slice, as one does who uses it again.
func spoil(p []byte) {
	for i := range p {
		p[i] = '#'
	}
}

// newRigOf returns a rig whose only message is large, and what it says.
func newRigOf(t *testing.T, octets int) (*rig, []byte) {
	t.Helper()
	line := strings.Repeat("x", 98) + "\r\n"
	large := strings.Repeat(line, octets/len(line))
	r := newRig(t, "a")
	r.srv.Intercept = answering(map[string]string{"RETR 1": "+OK\r\n" + large + "."})
	return r, []byte(large)
}

// TestReadBeside: the sums are those of the message, though what was read is overwritten as soon as that is allowed.
func TestReadBeside(t *testing.T) {
	for name, alone := range map[string]int{"alone": 0, "with Read between": 3} {
		inBubble(t, name, func(t *testing.T) {
			r, want := newRigOf(t, 4<<20)
			beside := 0
			deliver := func(d *Delivery) error {
				before, now := make([]byte, 256<<10), make([]byte, 256<<10)
				for i, at := 1, 0; ; i++ {
					read := d.ReadBeside
					if alone > 0 && i%alone == 0 {
						read = d.Read
					}
					n, err := read(now)
					spoil(before)
					if at += n; i%5 == 0 && d.CRC32() != crc32.ChecksumIEEE(want[:at]) {
						t.Errorf("another CRC-32 after %d octets", at)
					}
					if n >= besideFrom {
						beside++
					}
					if err == io.EOF {
						checkSums(t, d, want)
						return nil
					}
					if err != nil {
						return err
					}
					before, now = now, before
				}
			}
			counts(t, r.fetch(t, Fetch{}, &recorder{deliver: deliver}), 1, 0, 0, 0, SizesWrong)
			if beside < 3 {
				t.Errorf("only %d reads are large enough", beside)
			}
		})
	}
}

// TestReadBesideGivenUp: after Wait what was read is the caller's again, and nobody is at work.
func TestReadBesideGivenUp(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r, want := newRigOf(t, 1<<20)
		deliver := func(d *Delivery) error {
			p := make([]byte, 256<<10)
			n := 0
			for n < besideFrom {
				var err error
				if n, err = d.ReadBeside(p); err != nil {
					return err
				}
			}
			d.Wait()
			spoil(p)
			checkSums(t, d, want[:d.Octets()])
			return nil
		}
		counts(t, r.fetch(t, Fetch{}, &recorder{deliver: deliver}), 0, 0, 1, 0)
	})
}

// checkSums checks what a delivery says of the octets that were read.
func checkSums(t *testing.T, d *Delivery, want []byte) {
	t.Helper()
	digest := sha256.Sum256(want)
	if d.Octets() != int64(len(want)) || d.CRC32() != crc32.ChecksumIEEE(want) || !bytes.Equal(d.SHA256(), digest[:]) {
		t.Errorf("%d octets, CRC-32 %x, SHA-256 %x", d.Octets(), d.CRC32(), d.SHA256())
	}
}
