//go:build !unix

package main

import "os"

// nameless is for systems on which a file can be removed that is open.
func nameless(os.FileInfo) bool { return false }
