//go:build !unix

package pop3_test

import (
	"testing"
	"time"
)

var started = time.Now()

func processorTime(*testing.T) time.Duration { return time.Since(started) }
