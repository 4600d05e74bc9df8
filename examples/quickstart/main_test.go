package main

import (
	"context"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestPastedCommandsWork runs every curl line that the program prints.
func TestPastedCommandsWork(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := run(ctx, "127.0.0.1:0", in); err != nil {
			t.Errorf("run: got %v, want nil", err)
		}
		_ = in.Close()
	})
	t.Cleanup(func() { cancel(); wg.Wait() })

	text := make([]byte, 8192)
	n, err := out.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() { _, _ = io.Copy(io.Discard, out) })
	wants := []string{`"created":true`, `"binding":"`, `"email":"ann@example.com"`, `"token_type":"Bearer"`}
	for line := range strings.SplitSeq(string(text[:n]), "\n") {
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		got, err := exec.CommandContext(t.Context(), "sh", "-c", line).Output()
		if err != nil || len(wants) == 0 || !strings.Contains(string(got), wants[0]) {
			t.Fatalf("%s: got %s, %v, want %v", line, got, err, wants)
		}
		wants = wants[1:]
	}
	if len(wants) > 0 {
		t.Errorf("commands: missing those for %v", wants)
	}
}
