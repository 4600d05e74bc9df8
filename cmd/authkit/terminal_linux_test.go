package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal makes a pseudo-terminal and returns the end of the person and that of the program.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// shows reports whether a terminal echoes what is typed.
func shows(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// hidden waits until a terminal has stopped echoing.
func hidden(t *testing.T, f *os.File) {
	t.Helper()
	for begun := time.Now(); shows(t, f); runtime.Gosched() {
		if time.Since(begun) > patience {
			t.Fatalf("echo: got it on for %v, want it off", patience)
		}
	}
}

// TestATerminalDoesNotShowThePassword types a password once the program waits for it.
func TestATerminalDoesNotShowThePassword(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		typed, stderr string
		ok            bool
	}{
		"which is taken":               {password + "\n", "password: \n", true},
		"an empty line is no password": {"\n", "password: \nauthkit: the password is empty: type one, and press Enter\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			person, program := terminal(t)
			var stdout, stderr strings.Builder
			cmd := exec.Command("authkit", "developer", "create", developerEmail, "--store", "sqlite:"+filepath.Join(t.TempDir(), "auth.db"), "--secret-file", filepath.Join(t.TempDir(), "secret"))
			cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
			cmd.Stdin, cmd.Stdout, cmd.Stderr = program, &stdout, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			hidden(t, person)
			if _, err := person.WriteString(c.typed); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); (err == nil) != c.ok || stderr.String() != c.stderr || (len(stdout.String()) == 37) != c.ok {
				t.Errorf("developer create: got %v, %q, %q, want ok %v and %q", err, stdout.String(), stderr.String(), c.ok, c.stderr)
			}
			if !shows(t, person) {
				t.Error("echo: got it off afterwards, want it on")
			}
			if _, err := program.WriteString("."); err != nil {
				t.Fatal(err)
			}
			shown := make([]byte, 100)
			n, err := person.Read(shown)
			if got := strings.TrimSpace(string(shown[:n])); err != nil || got != "." {
				t.Errorf("terminal: got %q, %v, want nothing of the password", got, err)
			}
		})
	}
}

// TestServeAsksForThePasswordOfAnAddress starts serve with an address alone.
func TestServeAsksForThePasswordOfAnAddress(t *testing.T) {
	t.Parallel()
	person, program := terminal(t)
	p := &process{t: t, stdout: newLines(), stderr: newLines(), ended: make(chan struct{})}
	p.cmd = exec.Command("authkit", "serve", "--addr", "127.0.0.1:0", "--store", "memory", "--developer", developerEmail)
	p.cmd.Env, p.cmd.Stdin = []string{"GORACE=atexit_sleep_ms=0"}, program
	p.run(newLines())
	hidden(t, person)
	if _, err := person.WriteString(password + "\n"); err != nil {
		t.Fatal(err)
	}
	p.addr = p.line(p.stderr, `"msg":"serving","addr":"([0-9.:]+)"`)[1]
	p.developer()
	p.signal()
	p.line(p.stderr, `"msg":"stopping"`)
	all, _ := p.stderr.read()
	if got, want := all[0], "password of "+developerEmail+", if new: "; got != want {
		t.Errorf("prompt: got %q, want %q", got, want)
	}
}
