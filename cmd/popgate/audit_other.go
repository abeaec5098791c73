//go:build !unix

package main

import "os"

// atOnce is for systems with named pipes.
const atOnce = 0

// nameless is for systems on which a file can be removed that is open.
func nameless(os.FileInfo) bool { return false }
