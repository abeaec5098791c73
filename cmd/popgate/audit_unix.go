//go:build unix

package main

import (
	"os"
	"syscall"
)

// atOnce opens a named pipe that nobody reads with an error: waiting for a reader would hold up all calls.
const atOnce = syscall.O_NONBLOCK

// nameless reports whether a file that is open was removed from its last folder.
func nameless(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().IsRegular() && stat.Nlink == 0
}
