//go:build unix

package main

import (
	"os"
	"syscall"
)

// nameless reports whether a file that is open was removed from its last folder.
func nameless(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().IsRegular() && stat.Nlink == 0
}
