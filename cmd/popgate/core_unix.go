//go:build unix

package main

import "syscall"

// noCore keeps what is in memory, mail and secrets, from being written to disk where the process crashes.
func noCore() error { return syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
