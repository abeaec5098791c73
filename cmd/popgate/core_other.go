//go:build !unix

package main

// noCore is for systems that write core files.
func noCore() error { return nil }
