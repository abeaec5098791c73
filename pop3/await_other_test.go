//go:build !unix

package pop3_test

import (
	"testing"
	"time"
)

// await returns when something of what the server sent should have arrived.
func (p *peer) await(*testing.T) { time.Sleep(50 * time.Millisecond) }
