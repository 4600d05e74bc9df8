package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc.
const tick = 10 * time.Millisecond

// cpu returns the user and system time that processes have used, their ended children included.
func cpu(pids []int) time.Duration {
	var sum int64
	for _, pid := range pids {
		f := stat(pid)
		for _, i := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
			if len(f) > i {
				n, _ := strconv.ParseInt(f[i], 10, 64) // a number, by proc(5)
				sum += n
			}
		}
	}
	return time.Duration(sum) * tick
}

// stat returns the fields of /proc/pid/stat after the name. The process may have ended.
func stat(pid int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return strings.Fields(after)
}

// family returns a process and those that it started.
func family(pid int) []int {
	out := []int{pid}
	paths, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range paths {
		child, _ := strconv.Atoi(filepath.Base(path)) // a number, by the pattern
		if f := stat(child); len(f) > 1 && f[1] == strconv.Itoa(pid) {
			out = append(out, child)
		}
	}
	return out
}

// resident returns the memory of a process in bytes.
func resident(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64) // a number, by proc(5)
	return pages * int64(os.Getpagesize())
}
