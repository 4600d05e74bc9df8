package main

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestProcess(t *testing.T) {
	t.Parallel()

	t.Run("CPU time of a child that has ended stays with its parent", func(t *testing.T) {
		t.Parallel()
		shell := exec.CommandContext(t.Context(), "sh", "-c", `sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; read wait`)
		in, err := shell.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := shell.Start(); err != nil {
			t.Fatal(err)
		}
		for give := time.Now().Add(20 * time.Second); len(children(shell.Process.Pid)) == 0 && statCPU(shell.Process.Pid, true) == 0; {
			if time.Now().After(give) {
				t.Fatal("the child never began")
			}
		}
		for give := time.Now().Add(20 * time.Second); len(children(shell.Process.Pid)) > 0; {
			if time.Now().After(give) {
				t.Fatal("the child never ended")
			}
		}
		own, all := statCPU(shell.Process.Pid, false), cpuOf(shell.Process.Pid)
		if all <= own || all > time.Minute {
			t.Errorf("got %v in all and %v of its own, want more in all", all, own)
		}
		_ = in.Close()
		_ = shell.Wait() // read fails at the end of its input
	})

	t.Run("resident memory is that of the process, and none of one that is gone", func(t *testing.T) {
		t.Parallel()
		if got := resident(os.Getpid()); got < 1<<20 || got > 1<<34 {
			t.Errorf("got %d bytes", got)
		}
		if got := resident(1 << 30); got != 0 {
			t.Errorf("got %d bytes of no process, want 0", got)
		}
	})
}
