package server

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// memoryShare is up to which part of GOMEMLIMIT what is in use may grow before calls that take memory are refused. The rest is for
// those that run, and for garbage.
const memoryShare = 0.85

// retryMemory is when a caller may try again that was refused for lack of memory.
const retryMemory = 2 * time.Second

// memoryInUse returns the octets that are in use: what the last garbage collection has found alive, and
// what is no heap.
func memoryInUse() uint64 {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	use := samples[0].Value.Uint64() + samples[1].Value.Uint64()
	for _, heap := range samples[2:] {
		use -= min(use, heap.Value.Uint64())
	}
	return use
}

// memoryFull reports whether the memory that GOMEMLIMIT grants is all but used up. Without a limit it never is.
func memoryFull() bool {
	limit := debug.SetMemoryLimit(-1)
	return limit < math.MaxInt64 && float64(memoryInUse()) > memoryShare*float64(limit)
}
