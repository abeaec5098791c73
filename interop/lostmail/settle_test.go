package lostmail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// incoming is a message whose parts come.
type incoming struct {
	id     uint64
	start  *pb.PartStart
	hash   hash.Hash
	octets int64
}

// handle handles one response.
func (c *call) handle(resp *pb.CollectMessagesResponse) {
	for _, part := range resp.GetParts() {
		c.part(part)
	}
	switch {
	case resp.GetOffer() != nil:
		c.choose(resp.GetOffer())
	case resp.GetCommit() != nil:
		c.commit(resp.GetCommit())
	case resp.Cursor != nil && c.Plan.Mode == "cursor":
		c.cursor(resp.GetCursor())
	case resp.GetCredentialsNeeded() != nil:
		if c.Plan.NeverRenew {
			c.halfClose()
			return
		}
		c.renew()
	case resp.GetSummary() != nil:
		for _, f := range resp.GetSummary().GetFindings() {
			c.result.Findings = append(c.result.Findings, strings.TrimPrefix(f.String(), "FINDING_"))
		}
	}
}

func (c *call) renew() {
	c.generation++
	c.send(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Credentials{Credentials: c.credentials()}})
}

// part takes a part of a message. What has no end is thrown away.
func (c *call) part(part *pb.Part) {
	if part.GetStart() != nil {
		c.incoming = &incoming{id: part.GetDeliveryId(), start: part.GetStart(), hash: sha256.New()}
	}
	in := c.incoming
	if part.GetSkipped() != nil || part.GetFailure() != nil {
		c.incoming = nil
		return
	}
	if in == nil || in.id != part.GetDeliveryId() {
		c.wrongf("a part of delivery %d without a start", part.GetDeliveryId())
		return
	}
	in.hash.Write(part.GetData())
	in.octets += int64(len(part.GetData()))
	if end := part.GetEnd(); end != nil {
		c.incoming = nil
		sum := in.hash.Sum(nil)
		if !bytes.Equal(sum, end.GetSha256()) || in.octets != end.GetOctets() {
			c.wrongf("delivery %d is not what its end says", in.id)
			return
		}
		c.store(&delivery{
			id: in.id, uniqueID: in.start.GetUniqueId(), sha: hex.EncodeToString(sum),
			unique: in.start.GetIdKind() == pb.UniqueIdKind_UNIQUE_ID_KIND_UNIQUE,
		}, in.octets)
	}
}

// store stores a message durably, and decides what is to become of it.
func (c *call) store(d *delivery, octets int64) {
	c.deliveries[d.id] = d
	c.journal.add(record{What: "stored", ID: d.id, UniqueID: d.uniqueID, Unique: d.unique, SHA: d.sha, Octets: octets})
	seen := map[string]map[string]string{"cursor": c.memory.cursor, "offer": c.memory.own}[c.Plan.Mode]
	if c.Steady && d.unique && seen[d.uniqueID] == d.sha {
		c.wrongf("delivery %d is %s, which was seen", d.id, d.uniqueID)
	}
	c.step("stored")
	stored := c.steps["stored"]
	switch {
	case stored == c.Plan.StopAfter:
		c.send(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Stop{Stop: &pb.Stop{}}})
	case c.Plan.Renew && stored == 1:
		c.renew()
	}
	if stored == c.Plan.Unsettled {
		c.left = true
	} else {
		d.keep = c.chance.IntN(100) < c.Plan.KeepPercent
		c.pending = append(c.pending, d)
		if len(c.pending) >= c.Plan.SettleEvery {
			c.settle()
		}
	}
	if stored == c.Plan.HalfClose {
		c.settle()
		c.halfClose()
	}
}

// settle settles what is stored, all at once where that can be said.
func (c *call) settle() {
	pending := c.pending
	if len(pending) == 0 || c.halfClosed {
		return
	}
	c.pending = nil
	same := true
	for _, d := range pending {
		same = same && d.keep == pending[0].keep
	}
	if c.Plan.Through && same && !c.left {
		c.tell(pending, pending[0].keep, &pb.Settle{Through: pending[len(pending)-1].id})
		return
	}
	for _, keep := range []bool{true, false} {
		var now []*delivery
		settle := &pb.Settle{}
		for _, d := range pending {
			if d.keep == keep {
				now = append(now, d)
				settle.DeliveryIds = append(settle.DeliveryIds, d.id)
			}
		}
		if len(now) > 0 {
			c.tell(now, keep, settle)
		}
	}
}

// tell writes down what it settles, and settles it. Of a repetition that says
// the opposite nothing is written down: nothing is to come of it.
func (c *call) tell(now []*delivery, keep bool, settle *pb.Settle) {
	say := func(d pb.Disposition) {
		said := &pb.Settle{DeliveryIds: settle.GetDeliveryIds(), Through: settle.GetThrough(), Disposition: d}
		c.send(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Settle{Settle: said}})
	}
	r := record{What: "settle", Keep: keep}
	keeping := record{What: "keeping"}
	for _, d := range now {
		d.settled = true
		r.IDs = append(r.IDs, d.id)
		if keep && d.unique && c.Steady {
			keeping.Seen = append(keeping.Seen, d.uniqueID)
			c.memory.own[d.uniqueID] = d.sha
		}
	}
	c.journal.add(r)
	if len(keeping.Seen) > 0 {
		c.journal.add(keeping)
	}
	c.step("settling")
	first, second := pb.Disposition_DISPOSITION_DELETE, pb.Disposition_DISPOSITION_KEEP
	if keep {
		first, second = second, first
	}
	say(first)
	if c.Plan.Repeat {
		say(second)
	}
	c.step("settled")
}

// commit writes down what became of a batch.
func (c *call) commit(commit *pb.Commit) {
	c.step("commit")
	r := record{What: "commit", Outcome: strings.TrimPrefix(commit.GetOutcome().String(), "COMMIT_OUTCOME_"), Fates: map[uint64]string{}}
	for _, m := range commit.GetMessages() {
		fate := strings.TrimPrefix(m.GetOutcome().String(), "DELETE_OUTCOME_")
		if r.Fates[m.GetDeliveryId()] = fate; m.GetResponse() != "" && fate == "KEPT" {
			r.Fates[m.GetDeliveryId()] = refusedDELE
		}
		d := c.deliveries[m.GetDeliveryId()]
		switch {
		case d == nil || !d.settled || d.uniqueID != m.GetUniqueId():
			c.wrongf("a commit tells of delivery %d, %q, which was not settled", m.GetDeliveryId(), m.GetUniqueId())
			continue
		case d.keep && fate != "KEPT":
			c.wrongf("delivery %d was to be kept, and is %s", d.id, fate)
		}
		d.kept = fate == "KEPT" && d.unique
	}
	c.journal.add(r)
}

// cursor stores a cursor. What a commit has called KEPT does not come again.
func (c *call) cursor(cursor []byte) {
	c.step("cursor")
	storeCursor(c.dir, cursor)
	r := record{What: "cursor"}
	for _, d := range c.deliveries {
		if d.kept && c.Steady {
			r.Seen = append(r.Seen, d.uniqueID)
			c.memory.cursor[d.uniqueID] = d.sha
		}
	}
	c.journal.add(r)
}

// choose wants of an offer what is not on the caller's list of messages to
// keep, save one of twenty.
func (c *call) choose(offer *pb.Offer) {
	c.offered = append(c.offered, offer.GetMessages()...)
	if !offer.GetDone() {
		return
	}
	c.step("offer")
	var wanted []uint32
	for _, m := range c.offered {
		_, kept := c.memory.own[m.GetUniqueId()]
		if kept && c.Steady && m.GetIdKind() == pb.UniqueIdKind_UNIQUE_ID_KIND_UNIQUE || !c.Plan.Sweep && c.chance.IntN(20) == 0 {
			continue
		}
		wanted = append(wanted, m.GetMessageNumber())
	}
	c.offered = nil
	half := len(wanted) / 2
	for _, choice := range []*pb.Choose{{MessageNumbers: wanted[:half]}, {MessageNumbers: wanted[half:], Done: true}} {
		c.send(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Choose{Choose: choice}})
	}
}
