package mailbox

import "slices"

// plan is what to do with each message of a listing. It does no I/O.
type plan struct {
	deliver   []uint32 // in the listing, in the order of delivery
	skipped   []uint32 // larger than MaxOctets
	remaining int      // beyond MaxMessages
	marks     []uint64 // of what was seen before the job and is still listed, ascending
	again     []uint64 // of what the job is done with and is still listed, ascending
}

// planOf decides what is wanted. marks are those of the listing, done those, ascending, of what the job is done with, in an earlier
// login; delivered counts what it has delivered, with what has no mark.
func planOf(l *Listing, marks []uint64, s Selection, seen *cursor, done []uint64, delivered int) *plan {
	p := &plan{}
	later := make([]uint64, 0, len(s.Seen))
	for _, id := range s.Seen {
		later = append(later, seen.mark([]byte(id)))
	}
	slices.Sort(later)
	named := make(map[string]bool, len(s.UniqueIDs))
	for _, id := range s.UniqueIDs {
		named[id] = true
	}
	for i, mark := range marks {
		var known, now bool
		if l.kinds[i] == Unique {
			if known = contains(later, mark) || contains(seen.marks, mark); known {
				p.marks = append(p.marks, mark)
			}
			if now = contains(done, mark); now {
				p.again = append(p.again, mark)
			}
		}
		wanted := !known && !now
		switch {
		case s.All:
			wanted = !now
		case s.UniqueIDs != nil:
			wanted = !now && l.kinds[i] != Missing && named[string(l.id(i))]
		}
		if wanted {
			p.want(l, s, i)
		}
	}
	slices.Sort(p.marks)
	slices.Sort(p.again)
	p.order(s, delivered)
	return p
}

// contains reports whether a mark is in an ascending list.
func contains(marks []uint64, mark uint64) bool {
	_, found := slices.BinarySearch(marks, mark)
	return found
}

// want puts a message among those to deliver, or among those that are too large.
func (p *plan) want(l *Listing, s Selection, i int) {
	if s.MaxOctets > 0 && l.octets[i] > s.MaxOctets {
		p.skipped = append(p.skipped, uint32(i)) //nolint:gosec // below 5 million
	} else {
		p.deliver = append(p.deliver, uint32(i)) //nolint:gosec // below 5 million
	}
}

// order puts what is wanted into the order of delivery, and leaves out what is too much.
func (p *plan) order(s Selection, delivered int) {
	if s.NewestFirst {
		slices.Reverse(p.deliver)
		slices.Reverse(p.skipped)
	}
	if most := max(s.MaxMessages-delivered, 0); s.MaxMessages > 0 && len(p.deliver) > most {
		p.remaining = len(p.deliver) - most
		p.deliver = p.deliver[:most]
	}
}

func (p *plan) progress(l *Listing) Progress {
	progress := Progress{Messages: l.Len(), New: len(p.deliver)}
	for _, i := range p.deliver {
		progress.NewOctets = plus(progress.NewOctets, l.octets[i])
	}
	return progress
}
