package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is the CPU time, user and system, of everyone who has a part in a cell.
type usage struct{ server, database, client time.Duration }

func (p *place) usage(b *base) usage {
	u := usage{server: cpuOf(b.pid()), client: ownCPU()}
	if b.usesPostgres {
		u.database = cpuOf(p.postgres.pid)
	}
	return u
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tick is the unit of /proc/PID/stat: USER_HZ is 100 on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// cpuOf returns the CPU time of a process, of its children, and of the children that have ended.
func cpuOf(pid int) time.Duration {
	all := statCPU(pid, true)
	for _, child := range children(pid) {
		all += cpuOf(child)
	}
	return all
}

// statCPU reads utime and stime, and those of ended children too.
func statCPU(pid int, ended bool) time.Duration {
	f := statFields(pid)
	if len(f) < 15 {
		return 0
	}
	last := 13
	if ended {
		last = 15
	}
	var ticks int64
	for _, text := range f[11:last] { // fields 14 to 17 of proc(5); f begins with the third
		n, _ := strconv.ParseInt(text, 10, 64) // the kernel writes numbers
		ticks += n
	}
	return time.Duration(ticks) * tick
}

// statFields returns the fields of /proc/PID/stat that follow the name of the program.
func statFields(pid int) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
}

func children(pid int) []int {
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is sound
	var all []int
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for text := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(text); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// resident returns the resident memory of a process, in bytes.
func resident(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(b, []byte("VmRSS:"))
	text, _, _ := strings.Cut(strings.TrimSpace(string(after)), " ")
	n, _ := strconv.ParseInt(text, 10, 64) // 0 for a process that has ended
	return n << 10
}
