package authkit_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This test holds the list of modules that a host links.
func TestDependencies(t *testing.T) {
	t.Parallel()
	allowed := []string{
		"github.com/authkit-dev/authkit",
		"github.com/go-jose/go-jose/v4",
		"github.com/go-json-experiment/json",
		"github.com/golang-jwt/jwt/v5",
		"github.com/google/uuid",
		"golang.org/x/crypto", "golang.org/x/image", "golang.org/x/net", "golang.org/x/oauth2", "golang.org/x/sys", "golang.org/x/text",
		"rsc.io/qr",
	}
	for _, pkg := range []string{".", "./store/memory", "./mail", "./oauth", "./magiclink"} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			for module := range strings.FieldsSeq(goTool(t, "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", pkg)) {
				if !slices.Contains(allowed, module) {
					t.Errorf("%s: got it linked, want none beyond %v", module, allowed)
				}
			}
		})
	}
}

const bareServer = `package main

import "net/http"

func main() { _ = http.ListenAndServe("localhost:8080", http.NotFoundHandler()) }
`

const authkitServer = `package main

import (
	"context"
	"net/http"
	"os"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func main() {
	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: "http://localhost:8080/id", Mailer: mail.Log(os.Stderr)})
	if err != nil {
		panic(err)
	}
	go engine.Run(context.Background())
	http.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	_ = http.ListenAndServe("localhost:8080", nil)
}
`

// This test bounds what authkit adds to a server that already has net/http. A quarter of it comes from
// html/template, which calls methods by name: with it the linker keeps every exported method. Half a
// megabyte is the decoders of a logo. Another half is passkeys and second factors: their flows and pages, QR codes,
// and the list of public suffixes with the rules of international domains, by which passkey_rp_id is judged.
func TestSize(t *testing.T) {
	t.Parallel()
	const most = 11_350_000
	bare, with := stripped(t, "bare", bareServer), stripped(t, "authkit", authkitServer)
	t.Logf("a bare server has %d bytes, one with authkit %d: %d more", bare, with, with-bare)
	if with-bare > most {
		t.Errorf("authkit adds %d bytes, want at most %d", with-bare, most)
	}
	if with <= bare {
		t.Errorf("authkit adds %d bytes, want some: what was built?", with-bare)
	}
}

// stripped returns the size of a program built for release.
func stripped(t *testing.T, name, source string) int64 {
	t.Helper()
	dir := t.TempDir()
	file, program := filepath.Join(dir, name+".go"), filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	goTool(t, "build", "-trimpath", "-ldflags", "-s -w", "-o", program, file)
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// goTool runs the go command in this module.
func goTool(t *testing.T, args ...string) string {
	t.Helper()
	var out, told bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Stdout, cmd.Stderr = &out, &told
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, told.String())
	}
	return out.String()
}
