//go:build !unix

package server

import (
	"testing"
	"time"
)

// await returns when something of what the server sent should have arrived.
func (*tap) await(*testing.T, int64) { time.Sleep(50 * time.Millisecond) }
