package mailbox

import (
	"crypto/sha256"
	"hash"
	"hash/crc32"
	"io"

	"github.com/popgate/popgate/pop3"
)

// Delivery is a message on its way. It is valid until Deliver returns.
type Delivery struct {
	Item
	// ID counts the messages of the job from 1, those that fail or are skipped too.
	ID uint64
	// Position is which of the messages to deliver in this login this is, from 1.
	Position int

	message *pop3.Message
	octets  int64
	crc     uint32
	sha256  hash.Hash       // nil if it is not wanted
	summed  <-chan struct{} // closed when the goroutine that computes sums is done; nil if there is none
	top     bool
	whole   bool
	ended   func() // called when it is whole; may be nil
}

func newDelivery(id uint64, item Item, position int, message *pop3.Message, what Fetch) *Delivery {
	d := &Delivery{Item: item, ID: id, Position: position, message: message, top: what.HeaderLines != nil}
	if !what.OmitSHA256 {
		d.sha256 = sha256.New()
	}
	return d
}

// Read reads the message, byte for byte as the server sent it. io.EOF says that it is whole.
func (d *Delivery) Read(p []byte) (int, error) {
	n, err := d.read(p)
	d.sum(p[:n])
	return n, err
}

// besideFrom is from how many octets on it pays to compute the sums in a goroutine: SHA-256 takes some 20 microseconds for them.
const besideFrom = 32 << 10

// ReadBeside is Read, save that the sums of what it read may be computed while the caller goes on: p[:n] has to stay as it is until the
// next call of ReadBeside, or one of Wait, has returned.
func (d *Delivery) ReadBeside(p []byte) (int, error) {
	n, err := d.read(p)
	if n < besideFrom {
		d.sum(p[:n])
		return n, err
	}
	summed := make(chan struct{})
	d.summed = summed
	go func() {
		defer close(summed)
		d.sum(p[:n])
	}()
	return n, err
}

// Wait returns when the sums of all that was read are computed. Who calls ReadBeside has to call it before Deliver returns.
func (d *Delivery) Wait() {
	if d.summed != nil {
		<-d.summed
		d.summed = nil
	}
}

// read reads, and leaves nobody at work on what was read before.
func (d *Delivery) read(p []byte) (int, error) {
	n, err := d.message.Read(p)
	d.Wait()
	d.octets += int64(n)
	if err == io.EOF && !d.whole {
		if d.whole = true; d.ended != nil {
			d.ended()
		}
	}
	return n, err
}

func (d *Delivery) sum(p []byte) {
	d.crc = crc32.Update(d.crc, crc32.IEEETable, p)
	if d.sha256 != nil {
		d.sha256.Write(p)
	}
}

// Pending reports whether more can be read without waiting for the server.
func (d *Delivery) Pending() bool { return d.message.Pending() }

// Octets returns how many octets were read, CRC32 their CRC-32 as in zlib, and SHA256 their SHA-256, nil if it was left out. After
// ReadBeside the two latter wait.
func (d *Delivery) Octets() int64 { return d.octets }

// CRC32 is told with Octets.
func (d *Delivery) CRC32() uint32 {
	d.Wait()
	return d.crc
}

// SHA256 is told with Octets.
func (d *Delivery) SHA256() []byte {
	d.Wait()
	if d.sha256 == nil {
		return nil
	}
	return d.sha256.Sum(nil)
}

// SizeAgrees reports whether LIST gave the octets that were read, and whether that is known at all.
func (d *Delivery) SizeAgrees() (agrees, known bool) {
	return d.Item.Octets == d.octets, d.Item.Octets >= 0 && !d.top
}

// Followed reports, of a message that is read to its end, whether the server has begun to answer for the next one.
func (d *Delivery) Followed() bool { return d.message.Followed() }
