package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// manager returns a store with an app, and a function that runs a command on it.
func manager(t *testing.T, store string) (p *process, app string, run func(args ...string) string, flags []string) {
	t.Helper()
	flags = []string{"--store", store, "--secret-file", filepath.Join(t.TempDir(), "secret")}
	p = start(t, newLines(), append(flags, "--rate-limits=off", "--developer", "@"+write(t, developerEmail+":"+password))...)
	app, _ = p.createApp(p.developer())
	return p, app, func(args ...string) string { return command(t, append(args, flags...)...) }, flags
}

// The samples are what each system gives away after the steps of docs/migrating.md. Each holds the
// address and the password of the person who then signs in.
func TestPeopleOfOtherSystemsSignIn(t *testing.T) {
	t.Parallel()
	for name, open := range durable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, app, run, _ := manager(t, open(t))
			for file, who := range map[string][2]string{
				"auth0.jsonl":       {"ann@auth0.example", "correct horse battery staple"},
				"firebase.jsonl":    {"ann@firebase.example", "user1password"},
				"supabase.csv":      {"ann@supabase.example", "correct horse battery staple"},
				"django.csv":        {"ann@django.example", "correct horse battery staple"},
				"better-auth.jsonl": {"ann@better-auth.example", "correct horse battery staple"},
				"clerk.csv":         {"ann@clerk.example", "correct horse battery staple"},
				"keycloak.jsonl":    {"ann@keycloak.example", "correct horse battery staple"},
			} {
				run("users", "import", "--app", app, filepath.Join("testdata", "moving", file))
				p.send("POST", "/auth/credentials/"+app, `{"email":"`+who[0]+`","password":"a wrong passphrase","intent":"sign_in"}`).want(t, 401, "invalid_credentials")
				for range 2 { // by the old hash, then by the new one
					p.send("POST", "/auth/credentials/"+app, `{"email":"`+who[0]+`","password":"`+who[1]+`","intent":"sign_in"}`).want(t, 200, "")
				}
			}
		})
	}
}

func TestUsersAreExportedAndImported(t *testing.T) {
	t.Parallel()
	for name, open := range durable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, app, run, flags := manager(t, open(t))
			other := p.send("POST", "/apps/", `{"name":"Other"}`, bearer(p.developer())).want(t, 201, "").string("app_id")
			dir := t.TempDir()
			run("users", "import", "--app", app, filepath.Join("testdata", "moving", "clerk.csv"))
			run("users", "import", "--app", app, filepath.Join("testdata", "moving", "keycloak.jsonl"))

			first := run("users", "export", "--app", app, "-")
			table := filepath.Join(dir, "users.csv")
			run("users", "export", "--app", app, table)
			refused(t, "file exists", append([]string{"users", "export", "--app", app, table}, flags...)...)
			if info, err := os.Stat(table); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file: got %v, %v, want it for its owner alone", info, err)
			}
			run("users", "import", "--app", other, table, "--dry-run")
			if got := run("users", "export", "--app", other, "-"); got != "" {
				t.Errorf("users after a dry run: got %s, want none", got)
			}
			run("users", "import", "--app", other, table)
			if second := run("users", "export", "--app", other, "-"); second != first || strings.Count(first, "\n") != 4 {
				t.Errorf("export after import: got\n%s\nwant\n%s", second, first)
			}
			refused(t, "line 2: ", append([]string{"users", "import", "--app", other, table}, flags...)...)
		})
	}
}

func TestAnImportGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	_, app, run, flags := manager(t, "sqlite:"+filepath.Join(t.TempDir(), "authkit.db"))
	file := write(t, `{"email":"ann@example.com"}
{"email":"bob@example.com"}

{"email":"carl@example.com","name":5}
{"email":"dora@example.com"}
`)
	args := func(more ...string) []string {
		return append(append([]string{"users", "import", "--app", app, file}, more...), flags...)
	}
	refused(t, "there is no "+file+".progress: no import of this file has stopped half-way", args("--resume")...)
	note := file + ".progress"
	for _, text := range []string{"", "another 2 3 " + strings.Repeat("0", 64), app, app + " 2", app + " x 3 " + strings.Repeat("0", 64), app + " 2 x " + strings.Repeat("0", 64), app + " 2 3 00"} {
		if err := os.WriteFile(note, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, "is not of an import into this app", args("--resume")...)
	}
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	writeNote(t, file, app, lines, 2)
	refused(t, "line 4: invalid_request: ", args("--resume")...)
	if got := run("users", "export", "--app", app, "-"); strings.Count(got, "\n") != 1 || !strings.Contains(got, "dora@example.com") {
		t.Errorf("users: got %s, want the one after line 2", got)
	}
	if _, err := os.Stat(note); err == nil {
		t.Error("the note of the last line: got it kept, want it gone once the import is over")
	}
	refused(t, "refused lines: 2", args()...)
}

// writeNote writes the note of an import that has stored lines of a file.
func writeNote(t *testing.T, file, app string, text []byte, lines int) {
	t.Helper()
	size := 0
	for range lines {
		size += bytes.IndexByte(text[size:], '\n') + 1
	}
	n := note{uuid.MustParse(app), lines, int64(size), fmt.Sprintf("%x", sha256.Sum256(text[:size]))}
	if err := n.write(file + ".progress"); err != nil {
		t.Fatal(err)
	}
}

func TestAnImportDoesNotGoOnInAnotherFile(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i := range importSize {
		fmt.Fprintf(&rows, "user%d@example.com\n", i)
	}
	was := "email\n" + rows.String()
	_, app, run, flags := manager(t, "sqlite:"+filepath.Join(t.TempDir(), "authkit.db"))
	file := filepath.Join(t.TempDir(), "users.csv")
	args := append([]string{"users", "import", "--app", app, file}, flags...)
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(was + "\"ann@example.com\n")
	refused(t, "go on with --resume", args...)
	for _, now := range []string{
		"email\nfirst@example.com\n" + rows.String(), // a line more
		strings.Replace(was, "user7@", "user8@", 1),  // another line of the same length
		"email\n", // the file of another import
		"",
		strings.TrimSuffix(was, "\n"),
	} {
		put(now)
		refused(t, "which were imported, are not as they were; import it without --resume", append(args, "--resume")...)
	}
	put(was + "ann@example.com\n") // the line at which it stopped is mended
	run("users", "import", "--app", app, file, "--resume")
	if got := strings.Count(run("users", "export", "--app", app, "-"), "\n"); got != importSize+1 {
		t.Errorf("users: got %d, want %d", got, importSize+1)
	}
}

func TestTheDigestIsOfTheLinesThatWereTaken(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 3*maxUserLine)
	for name, lines := range map[string][]string{
		"users.jsonl": {
			"\ufeff{\"email\":\"a@example.com\"}\n", "{\"email\":\"b@example.com\"}\r\n", "  \n\n{\"email\":5}\n", "{\"email\":\"" + long + "\"}\n", "{\"email\":\"c@example.com\"}",
		},
		"users.csv": {
			"\ufeff\"email\",name\na@example.com,Ann\n", "b@example.com,\"Bob\r\n\"\"B\"\"\"\r\n", "\n\nc@example.com\n", "d@example.com," + long + "\n", "e@example.com,E",
		},
	} {
		took := newTaken()
		users, err := newUserReader(name, strings.NewReader(strings.Join(lines, "")), took)
		if err != nil {
			t.Fatal(name, err)
		}
		for i := range lines {
			if _, _, err := users.next(); err != nil && !errors.As(err, new(lineError)) {
				t.Fatal(name, i, err)
			}
			so := strings.Join(lines[:i+1], "")
			if want := fmt.Sprintf("%x", sha256.Sum256([]byte(so))); took.size != int64(len(so)) || took.digest() != want {
				t.Errorf("%s after line %d: got %s of %d bytes, want %s of %d", name, i, took.digest(), took.size, want, len(so))
			}
			if len(took.ahead) > maxUserRow {
				t.Errorf("%s after line %d: got %d bytes kept, want what was read ahead alone", name, i, len(took.ahead))
			}
		}
		if _, _, err := users.next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s at the end: got %v, want EOF", name, err)
		}
	}
}

// Some systems begin a file with the byte order mark.
func TestAMarkAtTheBeginningOfAFileIsNoText(t *testing.T) {
	t.Parallel()
	_, app, run, _ := manager(t, "sqlite:"+filepath.Join(t.TempDir(), "authkit.db"))
	for name, text := range map[string]string{"users.jsonl": `{"email":"ann@example.com"}`, "users.csv": "email\nbob@example.com\n", "quoted.csv": "\"email\"\ncarl@example.com\n"} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte("\ufeff"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		run("users", "import", "--app", app, file)
	}
	if got := run("users", "export", "--app", app, "-"); strings.Count(got, "\n") != 3 {
		t.Errorf("users: got %s, want three", got)
	}
}

func TestFilesThatAreNoImportAreRefused(t *testing.T) {
	t.Parallel()
	_, app, _, flags := manager(t, "sqlite:"+filepath.Join(t.TempDir(), "authkit.db"))
	for text, want := range map[string]string{
		"":                                    "the file is empty: its first line names the columns, email, ",
		"name\nAnn\n":                         "the first line names the columns name, and lacks email",
		"email,passwort\n":                    `column 2 is "passwort"`,
		"email,email\n":                       `column "email" stands twice`,
		"email,roles\na@example.com,admin\n":  "roles is not JSON",
		"email,name\na@example.com,Ren\xe9\n": "name is not in UTF-8",
		"email,disabled\na@example.com,perhaps\n":                     "disabled is neither true nor false",
		"email,name\na@example.com\n":                                 "the row has 1 columns",
		"email,name\n\"a@example.com\n":                               "read ",
		"email,name\na@example.com,\"" + strings.Repeat("a\n", 1<<20): "a quote before here is not closed",
	} {
		file := filepath.Join(t.TempDir(), "users.csv")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, want, append([]string{"users", "import", "--app", app, file}, flags...)...)
	}
}

// What is wrong with a line by itself shows before its batch is stored, and the lines still stand in order.
func TestRefusedLinesStandInOrder(t *testing.T) {
	t.Parallel()
	_, app, _, flags := manager(t, "sqlite:"+filepath.Join(t.TempDir(), "authkit.db"))
	args := func(file string) []string { return append([]string{"users", "import", "--app", app, file}, flags...) }
	order := "line 1: invalid_request: the request is not valid: email is not an address like name@example.com\n" +
		"line 2: invalid_request: the request is not valid: email_verified is not a boolean\n" +
		"line 4: email_taken: this app already has a user with that address\n" +
		"line 5: invalid_request: the line is not a JSON object\n"
	refused(t, order, args(write(t, `{"email":"ann"}
{"email":"ann@example.com","email_verified":"yes"}
{"email":"ann@example.com"}
{"email":"ann@example.com"}
ann@example.com
`))...)
	refused(t, "line 1: invalid_request: the line is not a JSON object; the name of a file of CSV ends in .csv\n", args(write(t, "email,name\nann@example.com,Ann\n"))...)
}

func TestTheProgressOfAnImport(t *testing.T) {
	t.Parallel()
	began := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, p := range map[string]progress{
		"[                    ]   1% 10 users, 2 refused, 12/s, 1m39s left": {size: 1000, read: 10},
		"[==========          ]  50% 10 users, 2 refused, 12/s, 1s left":    {size: 1000, read: 500},
		"[====================] 100% 10 users, 2 refused, 12/s, 0s left":    {size: 1000, read: 1000},
		"10 users, 2 refused, 12/s":                                         {read: 10}, // of stdin
	} {
		p.began = began
		if got := p.text(10, 2, began.Add(time.Second)); got != want {
			t.Errorf("%d of %d bytes: got %q, want %q", p.read, p.size, got, want)
		}
	}
	var out strings.Builder
	for _, terminal := range []bool{true, false} {
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		p := progress{out: file, terminal: terminal, began: began, told: began}
		for _, after := range []time.Duration{time.Millisecond, time.Second, 1100 * time.Millisecond, 6 * time.Second} {
			p.show(1, 0, began.Add(after))
		}
		b, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(strings.ReplaceAll(string(b), "\r\x1b[K", "|") + ";")
	}
	if want := "|1 users, 0 refused, 1/s|1 users, 0 refused, 0/s;1 users, 0 refused, 0/s\n;"; out.String() != want {
		t.Errorf("shown: got %q, want %q", out.String(), want)
	}
}
