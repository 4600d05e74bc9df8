package main

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts and tests run the test binary as authkit.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"authkit": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"mode": mode},
		Setup: func(env *testscript.Env) error {
			env.Setenv("TAKEN", taken.Addr().String())
			env.Setenv("GORACE", "atexit_sleep_ms=0") // by default, each process ends a second later
			return nil
		},
	})
}

// mode checks the permissions of a file: mode 0600 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode PERMISSIONS FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("mode of %s: got %04o, want %04o", args[1], got, want)
	}
}

// TestEveryFlagIsAnEnvironmentVariable compares names. A script shows that the variables are
// read. The flags of keygen have none, since AUTHKIT_SECRET_FILE may name the file of a server, and
// --secrets has none, since AUTHKIT_SECRETS may hold the secrets of one.
func TestEveryFlagIsAnEnvironmentVariable(t *testing.T) {
	t.Parallel()
	parser, err := newParser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if command, ok := node.(*kong.Command); ok && command.Name == "keygen" {
			return nil
		}
		if flag, ok := node.(*kong.Flag); ok && flag.Name != "help" && flag.Name != "version" {
			want := "AUTHKIT_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
			want = "[" + want + "]"
			if flag.Name == "secrets" {
				want = "[]"
			}
			if got := fmt.Sprint(flag.Envs); got != want {
				t.Errorf("--%s: got the variables %s, want %s", flag.Name, got, want)
			}
			seen++
		}
		return next(nil)
	})
	if err != nil || seen < 10 {
		t.Errorf("flags: got %d, %v, want at least ten", seen, err)
	}
}

// TestDocsNameEveryFlagOfServe looks for each flag in the table of docs/serve.md, and for each
// flag of that table in serve.
func TestDocsNameEveryFlagOfServe(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| flag of `serve` |")
	table, _, _ = strings.Cut(table, "\n\n")
	var named []string
	for _, flag := range regexp.MustCompile("`--([a-z-]+)[ `]").FindAllStringSubmatch(table, -1) {
		named = append(named, flag[1])
	}
	parser, err := newParser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var serves []string
	for _, command := range parser.Model.Children {
		if command.Name == "serve" {
			for _, flag := range command.Flags {
				serves = append(serves, flag.Name)
			}
		}
	}
	slices.Sort(named)
	slices.Sort(serves)
	if named = slices.Compact(named); !slices.Equal(named, serves) {
		t.Errorf("docs/serve.md: got the flags\n%s, want\n%s", named, serves)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"memory":                                  "memory",
		"sqlite:a@b.db":                           "sqlite:a@b.db",
		"postgres://user:sekret@host/db":          "postgres://xxxxx@host/db",
		"postgres://user:se@kret@host/db":         "postgres://xxxxx@host/db",
		"postgres://host/db?password=sekret":      "postgres://host/db?…",
		"postgres://user:se?kret@host/db?sslmode": "postgres://xxxxx@host/db?…",
		"postgres:/user:sekret@host":              "postgres:/xxxxx@host",
		"user:sekret@host":                        "user:xxxxx@host",
	} {
		if got := redact(in); got != want {
			t.Errorf("redact(%q): got %q, want %q", in, got, want)
		}
	}
}
