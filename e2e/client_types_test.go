package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// A program in TypeScript that uses every member of the client's types is of the right types, and
// runs in Node against a live handler.
func TestTheTypesOfTheBrowserClient(t *testing.T) {
	t.Parallel()
	dir := installed(t)
	compile(t, dir)
	w := setup(t, subpath, func(c *authkit.Config) { c.Limits.InsecureOff = true })
	redirects := []string{"https://client.example/done"}
	if _, err := w.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.AppPatch{RedirectURLs: &redirects}); err != nil {
		t.Fatal(err)
	}
	mails := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.engine.RunOnce(r.Context()); err != nil {
			t.Error(err)
		}
		m, _ := w.outbox.Last(r.URL.Query().Get("to"))
		_, _ = io.WriteString(rw, mail.Code(m))
	}))
	t.Cleanup(mails.Close)
	run(t, filepath.Join(dir, "client_program.js"), w.base, w.app.ID.String(), mails.URL).line("done")
}

// installed makes a folder with the program, in which the package is installed as npm does it.
func installed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	into := filepath.Join(dir, "node_modules", "@authkit-dev", "client")
	if err := os.MkdirAll(into, 0o700); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{
		filepath.Join(into, "authkit.js"): "../clients/js/authkit.js", filepath.Join(into, "authkit.d.ts"): "../clients/js/authkit.d.ts",
		filepath.Join(into, "package.json"): "../clients/js/package.json", filepath.Join(dir, "client_program.ts"): "client_program.ts",
	} {
		if err := os.WriteFile(to, []byte(source(t, from)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"type":"module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func source(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func compile(t *testing.T, dir string) {
	t.Helper()
	tsc, err := filepath.Abs("node_modules/.bin/tsc")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tsc, "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--skipLibCheck", "false",
		"--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.iterable", "--types", "", "client_program.ts")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tsc: %v (`npm ci` in this folder installs it)\n%s", err, out)
	}
}

// The program names every type and every member of the part that is written by hand.
func TestTheProgramUsesEveryMember(t *testing.T) {
	t.Parallel()
	hand, _, _ := strings.Cut(source(t, "../clients/js/authkit.d.ts"), "// Below this line")
	program := source(t, "client_program.ts")
	names := regexp.MustCompile(`(?m)^(?:export (?:interface|type|class|function) |  (?:readonly )?)(\w+)[<(?:; ]`).FindAllStringSubmatch(hand, -1)
	if len(names) < 60 {
		t.Fatalf("authkit.d.ts: got %d names, want at least 60", len(names))
	}
	for _, m := range names {
		if !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(program) {
			t.Errorf("client_program.ts: got no use of %s", m[1])
		}
	}
}
