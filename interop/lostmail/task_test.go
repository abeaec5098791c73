package lostmail

import "fmt"

// task is one call for a caller to make; result is what came of it.
type task struct {
	Gateway string      `json:"gateway"`
	Host    string      `json:"host"`
	Port    uint32      `json:"port"`
	User    string      `json:"user"`
	Steady  bool        `json:"steady"` // the unique-ids mean what they meant before
	Plan    sessionPlan `json:"plan"`
}

type result struct {
	Code     string   `json:"code"`
	Reason   string   `json:"reason"`
	Text     string   `json:"text"`
	Findings []string `json:"findings"`
}

// tokenOf is the token of a session; parseToken takes it apart.
func tokenOf(session, generation int) string { return fmt.Sprintf("token-%d-%d", session, generation) }

func parseToken(token string) (session, generation int, err error) {
	_, err = fmt.Sscanf(token, "token-%d-%d", &session, &generation)
	return session, generation, err
}

// memory is what the caller knows from its journal: unique-ids that need not
// come again, with the SHA-256 of what has them.
type memory struct {
	cursor map[string]string // by the stored cursor
	own    map[string]string // in an offer
}

func remember(dir string) (*memory, error) {
	records, err := readJournal(dir)
	if err != nil {
		return nil, err
	}
	m := &memory{cursor: map[string]string{}, own: map[string]string{}}
	shas := map[string]string{}
	for _, r := range records {
		switch r.What {
		case "begin":
			if !r.Steady {
				clear(m.cursor)
			}
		case "stored":
			shas[r.UniqueID] = r.SHA
		case "cursor":
			for _, id := range r.Seen {
				m.cursor[id] = shas[id]
			}
		case "keeping":
			for _, id := range r.Seen {
				m.own[id] = shas[id]
			}
		}
	}
	return m, nil
}
