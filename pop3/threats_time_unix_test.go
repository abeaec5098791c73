//go:build unix

package pop3_test

import (
	"syscall"
	"testing"
	"time"
)

// processorTime returns how long the process has had a processor: unlike the time of day, other processes do not lengthen it.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
