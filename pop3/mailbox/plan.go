package mailbox

import "slices"

// plan is what to do with each message of a listing. It does no I/O.
type plan struct {
	deliver   []uint32 // in the listing, in the order of delivery
	skipped   []uint32 // larger than MaxOctets
	remaining int      // beyond MaxMessages
	marks     []uint64 // of what was seen before the job and is still listed, ascending
}

// planOf decides what is wanted. done are the marks, ascending, of what the job has delivered already, in an earlier login; delivered
// counts that, with what has no mark.
func planOf(l *Listing, s Selection, seen *cursor, done []uint64, delivered int) *plan {
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
	for i := range l.Len() {
		var known, now bool
		if l.kinds[i] == Unique {
			mark := seen.mark(l.id(i))
			_, known = slices.BinarySearch(later, mark)
			if _, before := slices.BinarySearch(seen.marks, mark); before || known {
				known = true
				p.marks = append(p.marks, mark)
			}
			_, now = slices.BinarySearch(done, mark)
		}
		wanted := !known && !now
		switch {
		case s.All:
			wanted = !now
		case s.UniqueIDs != nil:
			wanted = !now && l.kinds[i] != Missing && named[string(l.id(i))]
		}
		switch {
		case !wanted:
		case s.MaxOctets > 0 && l.octets[i] > s.MaxOctets:
			p.skipped = append(p.skipped, uint32(i)) // below 5 million
		default:
			p.deliver = append(p.deliver, uint32(i)) // below 5 million
		}
	}
	slices.Sort(p.marks)
	p.order(s, delivered)
	return p
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
