//go:build unix

package examples_test

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/authkit-dev/authkit/examples/internal/browser"
)

const (
	module  = "github.com/authkit-dev/authkit"
	version = "v0.0.1"
)

// TestTheFirstHour follows docs/getting-started.md from an empty folder to the protected route. The
// module comes from a proxy that holds the working tree, and its dependencies come from the module
// cache.
func TestTheFirstHour(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	// Another program may use the port of the page.
	host := freeAddress(t)
	page := strings.ReplaceAll(string(text), "localhost:8080", host)
	program, shell := blocks(page, "go")[0], blocks(page, "sh")
	if n := linesOfAuthkit(program); n > 10 {
		t.Errorf("the program: got %d lines of authkit, want at most 10", n)
	}
	commands := strings.Split(strings.TrimSpace(shell[0]), "\n")
	if len(commands) > 3 {
		t.Errorf("got the commands %q, want at most three", commands)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	env := environment(t)
	for _, command := range commands[:len(commands)-1] {
		if out, err := shellCommand(t, folder, env, command).CombinedOutput(); err != nil {
			t.Fatalf("%s: got %v %s", command, err, out)
		}
	}
	app := start(t, shellCommand(t, folder, env, commands[len(commands)-1]), host)
	requests := regexp.MustCompile(`(?m)^curl .*$`).FindAllString(shell[1], -1)
	if len(requests) != 2 {
		t.Fatalf("got the requests %q, want two", requests)
	}
	signUp := curl(t, strings.ReplaceAll(requests[0], "$APP", app), 201)
	token := regexp.MustCompile(`"token":"([^"]+)"`).FindStringSubmatch(signUp)
	if token == nil {
		t.Fatalf("sign-up: got %s, want a token", signUp)
	}
	if got := curl(t, strings.ReplaceAll(requests[1], "$TOKEN", token[1]), 200); got != "hello\n" {
		t.Errorf("with the token: got %q, want hello", got)
	}
	curl(t, strings.ReplaceAll(requests[1], "$TOKEN", "nonsense"), 401)
	inABrowser(t, folder, env, string(text))
}

// inABrowser follows the section of the page about browsers, with its lines in the place of the one
// with engine.Require.
func inABrowser(t *testing.T, folder string, env []string, text string) {
	t.Helper()
	host := freeAddress(t)
	page := strings.ReplaceAll(text, "localhost:8080", host)
	_, section, _ := strings.Cut(page, "\n## People in a browser\n")
	line := regexp.MustCompile(`(?m)^.*engine\.Require\(.*$`)
	program := line.ReplaceAllLiteralString(blocks(page, "go")[0], blocks(section, "go")[0])
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, shellCommand(t, folder, env, "go run ."), host)
	b := browser.New(t, "http://"+host).Open("/hello").Want(200, "/id/auth/sign-in/", "demo").Follow("/sign-up/")
	b.Press("email=bob@example.com", "password=correct horse battery", "do=password").Want(200, "/hello", "hello")
}

// blocks returns the code blocks of a language.
func blocks(page, language string) (out []string) {
	for _, rest := range strings.Split(page, "\n```"+language+"\n")[1:] {
		code, _, _ := strings.Cut(rest, "\n```\n")
		out = append(out, code+"\n")
	}
	return out
}

// linesOfAuthkit counts the lines of a program that a server without authkit does not have. Imports
// and the ends of blocks are not counted.
func linesOfAuthkit(program string) (n int) {
	_, body, _ := strings.Cut(program, "\nfunc main() {\n")
	own := regexp.MustCompile(`^(\s*\}|func .*|\s*log\.Fatal\(http\.ListenAndServe.*|\s*fmt\.Fprintln.*|)$`)
	for line := range strings.Lines(body) {
		if !own.MatchString(strings.TrimRight(line, "\n")) {
			n++
		}
	}
	return n
}

// freeAddress returns an address that another program gets only if it asks for that very port: the
// system gives ports above 32767 to those that ask for any.
func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	for range 100 {
		address := fmt.Sprintf("localhost:%d", 10_000+rand.IntN(10_000))
		if l, err := lc.Listen(t.Context(), "tcp", address); err == nil {
			defer l.Close()
			return address
		}
	}
	t.Fatal("got no free port")
	return ""
}

// environment makes a proxy and a module cache, both of which are empty before, and returns the
// environment that uses them.
func environment(t *testing.T) []string {
	t.Helper()
	proxy, cache := t.TempDir(), t.TempDir()
	publish(t, filepath.Join(proxy, module, "@v"))
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	downloads := filepath.Join(strings.TrimSpace(string(out)), "cache", "download")
	return append(os.Environ(),
		"GOPROXY=file://"+proxy+",file://"+downloads+",off", "GOMODCACHE="+cache,
		"GOFLAGS=-trimpath -modcacherw", "GOWORK=off", "GOSUMDB=off", "GONOPROXY=", "GOPRIVATE=", "GOTOOLCHAIN=local")
}

// publish writes the working tree into a folder as the one version of the module.
func publish(t *testing.T, folder string) {
	t.Helper()
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list": version + "\n", version + ".mod": string(mod),
		version + ".info": `{"Version":"` + version + `","Time":"2026-01-01T00:00:00Z"}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Create(filepath.Join(folder, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	if err := fs.WalkDir(os.DirFS(".."), ".", func(name string, e fs.DirEntry, err error) error {
		return pack(archive, name, e, err)
	}); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
}

// pack adds a file of the working tree. Other modules in it, hidden folders, and what npm installs
// are not part of the module.
func pack(archive *zip.Writer, name string, e fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if e.IsDir() {
		_, err := os.Stat(filepath.Join("..", name, "go.mod"))
		if name != "." && (err == nil || strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules") {
			return fs.SkipDir
		}
		return nil
	}
	if ext := path.Ext(name); ext == ".db" || !e.Type().IsRegular() {
		return nil
	}
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		return err
	}
	w, err := archive.Create(module + "@" + version + "/" + name)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// shellCommand is a command in a process group of its own, which ends with the test.
func shellCommand(t *testing.T, folder string, env []string, command string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Dir, cmd.Env = folder, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// start runs the server. It returns the id of its app once it is printed and the server listens.
func start(t *testing.T, cmd *exec.Cmd, address string) (app string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended, id := make(chan struct{}), make(chan string, 2)
	go func() {
		defer close(ended)
		for printed := bufio.NewScanner(out); printed.Scan(); {
			if text, ok := strings.CutPrefix(printed.Text(), "app "); ok && len(id) == 0 {
				id <- text
			}
		}
	}()
	t.Cleanup(func() { // the context of the test is done, so the server is
		<-ended
		_ = cmd.Wait()
	})
	select {
	case app = <-id:
	case <-ended:
		t.Fatal("the server: got its end, want the id of its app")
	}
	for dialer := new(net.Dialer); ; {
		select {
		case <-ended:
			t.Fatal("the server: got its end, want it to listen")
		default:
		}
		if conn, err := dialer.DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return app
		}
	}
}

// curl sends the request that a command line describes, and returns the body of the answer.
func curl(t *testing.T, line string, status int) string {
	t.Helper()
	method, to, body, header := http.MethodGet, "", "", http.Header{}
	words := regexp.MustCompile(`'([^']*)'|"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1)[1:]
	for i := 0; i < len(words); i++ {
		switch words[i][0] {
		case "-s":
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i][1]+words[i][2], ": ")
			header.Set(name, value)
		case "-d":
			i++
			method, body = http.MethodPost, words[i][1]
		default:
			to = "http://" + words[i][3]
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != status {
		t.Fatalf("%s: got %d %s, %v, want %d", line, got.StatusCode, text, err, status)
	}
	return string(text)
}
