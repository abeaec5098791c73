package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// growthLimit is how much the peak of a runner's memory may grow while it reads a message of 256 MiB as a stream, having read one of
// 20 MiB before.
const growthLimit = 32 << 20 // octets

// measure is the state of a runner before a large message.
type measure struct {
	peaks map[int]int64 // by process: its greatest resident memory so far, in octets
	begun time.Time
}

// begin notes what memory a process and its descendants have taken so far. It does so only on Linux.
func (m *measure) begin(pid int) error {
	var err error
	m.peaks, err = peaksOf(pid)
	m.begun = time.Now()
	return err
}

// end returns by how much the peak of that process has grown which grew most, and how long it took.
func (m *measure) end(pid int) (growth int64, took time.Duration, err error) {
	took = time.Since(m.begun)
	peaks, err := peaksOf(pid)
	for process, peak := range peaks {
		if before, known := m.peaks[process]; known {
			growth = max(growth, peak-before)
		}
	}
	return growth, took, err
}

// peaksOf returns the VmHWM of a process and its descendants; nil where there is no /proc.
func peaksOf(pid int) (map[int]int64, error) {
	if runtime.GOOS != "linux" {
		return nil, nil //nolint:nilnil // there is nothing to compare
	}
	files, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		return nil, err
	}
	parents, all := map[int]int{}, map[int]int64{}
	for _, file := range files {
		process, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		parents[process], all[process] = readStatus(file)
	}
	peaks := map[int]int64{}
	for process, peak := range all {
		for ancestor := process; ancestor > 1; ancestor = parents[ancestor] {
			if ancestor == pid {
				peaks[process] = peak
			}
		}
	}
	if len(peaks) == 0 {
		return nil, fmt.Errorf("process %d is not in /proc", pid)
	}
	return peaks, nil
}

// readStatus reads the parent and the VmHWM of a process, which may have ended meanwhile.
func readStatus(file string) (parent int, peak int64) {
	status, err := os.Open(file) //nolint:gosec // a file of /proc
	if err != nil {
		return 0, 0
	}
	defer func() { _ = status.Close() }() // it was read
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) < 2:
		case fields[0] == "PPid:":
			parent, _ = strconv.Atoi(fields[1]) // 0 ends the walk
		case fields[0] == "VmHWM:":
			kib, _ := strconv.ParseInt(fields[1], 10, 64) // a kernel thread has none
			peak = kib << 10
		}
	}
	return parent, peak
}
