package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A place is what the systems of a run share: a folder and a Postgres cluster, both removed at
// the end.
type place struct {
	o        options
	folder   string
	postgres *postgres
}

func newPlace(ctx context.Context, o options) (*place, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	p := &place{o: o, folder: folder}
	if p.postgres, err = startPostgres(ctx); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *place) close() {
	err := os.RemoveAll(p.folder)
	if p.postgres != nil {
		err = errors.Join(err, p.postgres.close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: clean up:", err)
	}
}

// build builds the Go program of a folder once, and returns its path.
func (p *place) build(ctx context.Context, folder string) (string, error) {
	out := filepath.Join(p.folder, filepath.Base(folder)+".bin")
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	fmt.Println("build", folder)
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", out, ".") //nolint:gosec // a folder of this module
	c.Dir = folder
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	return out, c.Run()
}

// machine is what a run was measured on. It names no person and no host.
type machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	MemoryGB int    `json:"memory_gb"`
	Kernel   string `json:"kernel"`
	Go       string `json:"go"`
	Node     string `json:"node"`
	Postgres string `json:"postgres"`
}

func (p *place) machine(ctx context.Context) (machine, error) {
	version, err := p.postgres.ask(ctx, "show server_version")
	if err != nil {
		return machine{}, err
	}
	version, _, _ = strings.Cut(version, " ")
	kernel, _, _ := strings.Cut(line("/proc/sys/kernel/osrelease", ""), "-") // what follows names a build
	m := machine{Cores: runtime.NumCPU(), Kernel: kernel, CPU: line("/proc/cpuinfo", "model name"), Go: runtime.Version(), Postgres: version}
	kb := 0
	_, _ = fmt.Sscan(line("/proc/meminfo", "MemTotal"), &kb) // 0 where there is no such file
	m.MemoryGB = (kb + 1<<19) >> 20
	node, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err == nil {
		m.Node = strings.TrimSpace(string(node))
	}
	return m, nil
}

// line returns the value of the first line of a file that begins with a name.
func line(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for text := range strings.Lines(string(b)) {
		if strings.HasPrefix(text, name) {
			_, value, found := strings.Cut(text, ":")
			if !found || name == "" {
				value = text
			}
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// revision names the commit that is measured; "+" follows where files differ from it.
func revision() string {
	b, err := exec.Command("git", "describe", "--always", "--dirty=+", "--exclude=*", "--", ".").Output() //nolint:noctx // it ends at once
	if err != nil {
		if b, err = exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err != nil { //nolint:noctx // likewise
			return "unknown"
		}
	}
	return strings.TrimSpace(string(b))
}
