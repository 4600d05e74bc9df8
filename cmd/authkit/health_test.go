package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// healthOf runs `authkit health` with an environment, as a container does.
func healthOf(env []string, args ...string) (stdout, stderr string, ok bool) {
	var out, told strings.Builder
	cmd := exec.Command("authkit", append([]string{"health"}, args...)...)
	cmd.Env = append(env, "GORACE=atexit_sleep_ms=0")
	cmd.Stdout, cmd.Stderr = &out, &told
	err := cmd.Run()
	return out.String(), told.String(), err == nil
}

func TestHealthAsksTheServer(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory", "--base-url", "http://localhost/some%20where/auth")
	_, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		t.Fatal(err)
	}
	base := "AUTHKIT_BASE_URL=http://localhost/some%20where/auth"
	config := write(t, "addr = \"0.0.0.0:"+port+"\"\nbase-url = \"https://auth.example.com/some%20where/auth\"\n")
	for name, c := range map[string]struct {
		env, args []string
		want      string // of stderr; empty: healthy
	}{
		"by flags":                    {nil, []string{"--addr", p.addr, "--base-url", "http://localhost/some%20where/auth"}, ""},
		"by the variables of serve":   {[]string{"AUTHKIT_ADDR=0.0.0.0:" + port, base}, nil, ""},
		"by the file of serve":        {[]string{"AUTHKIT_CONFIG=" + config}, nil, ""},
		"with the store":              {[]string{"AUTHKIT_ADDR=:" + port, base}, []string{"--ready"}, ""},
		"without the proxy of a host": {[]string{"AUTHKIT_ADDR=" + p.addr, base, "HTTP_PROXY=http://127.0.0.1:1"}, nil, ""},
		"another mount point":         {[]string{"AUTHKIT_ADDR=" + p.addr}, nil, "authkit: http://" + p.addr + "/healthz: got 404 Not Found, want 200: "},
		"a port that the system gave": {[]string{"AUTHKIT_ADDR=127.0.0.1:0"}, nil, `authkit: --addr is "127.0.0.1:0": give the HOST:PORT at which serve listens`},
		"an address without a port":   {[]string{"AUTHKIT_ADDR=127.0.0.1"}, nil, `authkit: --addr is "127.0.0.1": give the HOST:PORT`},
	} {
		t.Run(name, func(t *testing.T) {
			out, told, ok := healthOf(c.env, c.args...)
			if ok != (c.want == "") || (ok && out != "ok\n") || !strings.HasPrefix(told, c.want) {
				t.Errorf("health: got %v, %q, %q, want %q", ok, out, told, c.want)
			}
		})
	}
	p.stop()
	if _, told, ok := healthOf([]string{"AUTHKIT_ADDR=" + p.addr}); ok || !strings.HasPrefix(told, "authkit: no answer at --addr "+p.addr) {
		t.Errorf("health of a server that ended: got %v, %q, want no answer", ok, told)
	}
}

func TestHealthAsksAtASocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "authkit") //nolint:usetesting // t.TempDir is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	addr := "unix:" + filepath.Join(dir, "socket")
	p := launch(t, newLines(), "--addr", addr, "--store", "memory", "--base-url", "http://localhost/auth", "--trusted-proxies", "unix")
	p.line(p.stdout, `^listening on `)
	if out, told, ok := healthOf([]string{"AUTHKIT_ADDR=" + addr, "AUTHKIT_BASE_URL=http://localhost/auth"}); !ok || out != "ok\n" {
		t.Errorf("health: got %v, %q, %q, want ok", ok, out, told)
	}
}
