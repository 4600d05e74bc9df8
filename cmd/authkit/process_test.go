package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for an expected event.
const patience = 60 * time.Second

// lines collects the lines that a process wrote. Several processes may share it.
type lines struct {
	mu      sync.Mutex
	all     []string
	changed chan struct{} // closed when there are more
}

func newLines() *lines { return &lines{changed: make(chan struct{})} }

func (l *lines) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, text)
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *lines) read() ([]string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clip(l.all), l.changed
}

// wait returns what find finds, now or in later lines. It fails once ended is closed, after which
// there are no more lines; a nil ended never closes.
func (l *lines) wait(t *testing.T, what string, ended <-chan struct{}, find func(all []string) []string) []string {
	t.Helper()
	give := time.After(patience)
	for {
		all, changed := l.read()
		if found := find(all); found != nil {
			return found
		}
		select {
		case <-changed:
		case <-ended:
			all, _ := l.read()
			if found := find(all); found != nil {
				return found
			}
			t.Fatalf("%s: the process ended after\n%s", what, strings.Join(all, "\n"))
		case <-give:
			t.Fatalf("%s: got no such line within %v, but\n%s", what, patience, strings.Join(all, "\n"))
		}
	}
}

// line waits for the first line that matches, and returns its groups.
func (p *process) line(from *lines, pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	return from.wait(p.t, "line "+pattern, p.ended, func(all []string) []string {
		for _, text := range all {
			if m := re.FindStringSubmatch(text); m != nil {
				return m
			}
		}
		return nil
	})
}

// process is a running `authkit serve`.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr *lines
	ended          chan struct{} // closed with the process
	err            error         // of its end
	addr, prefix   string        // where it listens, and its mount point
	stopped        bool
}

// launch starts this binary as authkit in a folder of its own, and does not wait. The
// environment has only a setting that makes the race detector end quickly. Mails go to box.
func launch(t *testing.T, box *lines, args ...string) *process {
	t.Helper()
	return launchWith(t, nil, box, args...)
}

// launchWith is launch with more environment variables.
func launchWith(t *testing.T, env []string, box *lines, args ...string) *process {
	t.Helper()
	p := &process{t: t, stdout: newLines(), stderr: newLines(), ended: make(chan struct{})}
	p.cmd = exec.Command("authkit", append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	p.cmd.Env = append(env, "GORACE=atexit_sleep_ms=0")
	p.run(box)
	return p
}

// run starts the command and collects what it writes.
func (p *process) run(box *lines) {
	t := p.t
	t.Helper()
	p.cmd.Dir = t.TempDir()
	stdout, err1 := p.cmd.StdoutPipe()
	stderr, err2 := p.cmd.StderrPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		var reading sync.WaitGroup
		reading.Go(func() { sort(stdout, p.stdout, box) })
		reading.Go(func() { follow(stderr, p.stderr) })
		reading.Wait()
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		if !p.stopped {
			p.stop()
		}
	})
}

func follow(r io.Reader, to *lines) {
	for text := bufio.NewScanner(r); text.Scan(); {
		to.add(text.Text())
	}
}

// sort puts whole mails into box and each other line into to.
func sort(r io.Reader, to, box *lines) {
	var mail []string
	for text := bufio.NewScanner(r); text.Scan(); {
		switch line := text.Text(); {
		case line == "--- mail":
			mail = []string{line}
		case line == "---":
			box.add(strings.Join(mail, "\n"))
			mail = nil
		case mail != nil:
			mail = append(mail, line)
		default:
			to.add(line)
		}
	}
}

// start launches and waits until the process says that it is ready.
func start(t *testing.T, box *lines, args ...string) *process {
	t.Helper()
	p := launch(t, box, args...)
	p.ready()
	return p
}

func (p *process) ready() {
	p.t.Helper()
	said := p.line(p.stdout, `^listening on (\S+)$`)[1]
	p.addr = p.line(p.stderr, `"msg":"serving","addr":"([0-9.:]+)"`)[1]
	base, err := url.Parse(said)
	if err != nil {
		p.t.Fatalf("listening on: got %q, %v", said, err)
	}
	p.prefix = base.Path
}

// stop sends SIGTERM and checks how the process ends.
func (p *process) stop() {
	p.t.Helper()
	begun := time.Now()
	p.signal()
	p.end()
	if took := time.Since(begun); took > 10*time.Second {
		p.t.Errorf("end: took %v, want at most ten seconds", took)
	}
}

func (p *process) signal() {
	p.t.Helper()
	p.stopped = true
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Errorf("SIGTERM: got %v, want nil", err)
	}
}

// end waits for exit status 0. The status of a data race is 66.
func (p *process) end() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		p.t.Fatalf("end: got no exit within %v", patience)
	}
	if p.err != nil {
		all, _ := p.stderr.read()
		p.t.Errorf("exit: got %v, want status 0\n%s", p.err, strings.Join(all, "\n"))
	}
	p.checkLog()
}

// checkLog reports output that is not a line of the log: a panic, or a data race.
func (p *process) checkLog() {
	p.t.Helper()
	all, _ := p.stderr.read()
	for _, text := range all {
		if !json.Valid([]byte(text)) {
			p.t.Errorf("stderr: got %q, want JSON on every line", text)
		}
	}
}

// kill sends SIGKILL, and checks that the process ended by that signal.
func (p *process) kill() {
	p.t.Helper()
	p.stopped = true
	err := p.cmd.Process.Kill()
	<-p.ended
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if err != nil || status.Signal() != syscall.SIGKILL {
		all, _ := p.stderr.read()
		p.t.Errorf("SIGKILL: got %v, and the process ended with %v\n%s", err, p.err, strings.Join(all, "\n"))
	}
	p.checkLog()
}

// write makes a file in a folder of this test.
func write(t *testing.T, content string) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "*")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
