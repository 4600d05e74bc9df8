package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite"
)

// smallDisks returns the small disks that this run can have. A user who may mount file systems
// gets one.
func smallDisks() map[string]func(*testing.T) string {
	out := map[string]func(*testing.T) string{}
	dir, err := os.MkdirTemp("", "authkit")
	if err != nil {
		return out
	}
	defer os.Remove(dir)
	if mountSmall(dir) == nil && unix.Unmount(dir, 0) == nil {
		out["tmpfs"] = func(t *testing.T) string {
			t.Helper()
			dir := t.TempDir()
			if err := mountSmall(dir); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			return dir
		}
	}
	return out
}

func mountSmall(dir string) error { return unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8m") }

// TestTheDiskIsFull fills the disk under SQLite, more than once, and makes room again.
func TestTheDiskIsFull(t *testing.T) {
	t.Parallel()
	for name, disk := range smallDisks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFullDisk(t, disk(t))
			for range 3 {
				f.crowd()
				f.refuses()
				f.makeRoom()
			}
			f.p.kill()
			f.p = start(t, newLines(), f.flags...)
			f.nothingLost()
			f.p.stop()
			f.integrity()
			if len(f.joined) < 4 {
				t.Errorf("writes before the disk was full: got %d acknowledged, want more", len(f.joined))
			}
			t.Logf("%d writes acknowledged, %d refused, the slowest refusal after %v", len(f.joined), f.refused, f.slowest)
		})
	}
}

// fullDisk is a process on a disk of its own, with what it has acknowledged.
type fullDisk struct {
	t         *testing.T
	dir, file string
	flags     []string
	p         *process
	app, key  string
	developer string
	ann       session

	mu      sync.Mutex
	joined  map[string]string // user ids, by address
	dead    []session         // whose end was acknowledged
	spare   []session         // live ones
	n       int
	refused int
	slowest time.Duration
}

func newFullDisk(t *testing.T, dir string) *fullDisk {
	t.Helper()
	f := &fullDisk{t: t, dir: dir, file: filepath.Join(dir, "auth.db"), joined: map[string]string{}}
	f.flags = sharing(t, "sqlite:"+f.file)
	f.p = start(t, newLines(), f.flags...)
	f.developer = f.p.developer()
	f.app, f.key = f.p.createApp(f.developer)
	f.ann = sessionOf(t, f.join("ann@example.com").want(t, 201, ""))
	for range 4 {
		f.signIn()
	}
	return f
}

func (f *fullDisk) signIn() {
	f.t.Helper()
	f.spare = append(f.spare, sessionOf(f.t, f.p.credentials(f.app, "ann@example.com", "sign_in").want(f.t, 200, "")))
}

func (f *fullDisk) join(email string) answer {
	f.t.Helper()
	begun := time.Now()
	got, err := f.p.tryOnce("POST", "/auth/credentials/"+f.app, `{"email":"`+email+`","password":"`+password+`","intent":"sign_up"}`, nil)
	if err != nil {
		f.t.Errorf("sign-up: got %v", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch got.status {
	case http.StatusCreated:
		user, _ := got.body["user"].(map[string]any)
		f.joined[email], _ = user["user_id"].(string)
	case http.StatusServiceUnavailable:
		f.refused++
		f.slowest = max(f.slowest, time.Since(begun))
	}
	return got
}

// leftOver is how many bytes crowd leaves to fill. They are few, since the log of the store
// frees its room while the store is idle.
const leftOver = 128 << 10

// crowd signs users up until there is no room for another, and then takes the rest of the room.
func (f *fullDisk) crowd() {
	f.t.Helper()
	f.fill(leftOver)
	var joining sync.WaitGroup
	until := time.Now().Add(patience)
	for i := range 3 {
		joining.Go(func() {
			for time.Now().Before(until) {
				f.mu.Lock()
				f.n++
				email := fmt.Sprintf("joiner%d.%d@example.com", i, f.n)
				f.mu.Unlock()
				if got := f.join(email); got.status != http.StatusCreated {
					f.wantRefused(got)
					return
				}
			}
			f.t.Errorf("sign-up on a disk that fills: got no refusal within %v", patience)
		})
	}
	joining.Wait()
	f.fill(0)
}

// fill writes until only so many bytes are left.
func (f *fullDisk) fill(left uint64) {
	f.t.Helper()
	ballast, err := os.OpenFile(filepath.Join(f.dir, "ballast"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer ballast.Close()
	for {
		var disk unix.Statfs_t
		if err := unix.Statfs(f.dir, &disk); err != nil {
			f.t.Fatal(err)
		}
		if disk.Bavail*uint64(disk.Bsize) <= left {
			return
		}
		if _, err := ballast.Write(make([]byte, 4096)); err != nil && !errors.Is(err, syscall.ENOSPC) {
			f.t.Fatal(err)
		}
	}
}

func (f *fullDisk) wantRefused(got answer) {
	f.t.Helper()
	if got.status != http.StatusServiceUnavailable || got.string("code") != "unavailable" || got.header.Get("Retry-After") == "" || strings.Contains(got.text, "disk") {
		f.t.Errorf("%s on a disk that is full: got %d %s, want 503 unavailable with Retry-After", got.asked, got.status, got.text)
	}
}

// refuses checks that reads go on, and that a write is refused or acknowledged and kept: SQLite
// uses its log again, so that a small write may find room.
func (f *fullDisk) refuses() {
	f.t.Helper()
	for i := range 3 {
		if got := f.join(fmt.Sprintf("late%d.%d@example.com", f.n, i)); got.status != http.StatusCreated {
			f.wantRefused(got)
		}
		f.write(200, func(got answer) { f.ann.access, f.ann.refresh = got.string("token"), got.string("refresh_token") },
			"POST", "/auth/refresh/"+f.app, refreshing(f.ann.refresh))
		if len(f.spare) > 1 { // sign-outs may have found room where sign-ins did not
			f.write(204, func(answer) { f.dead, f.spare = append(f.dead, f.spare[0]), f.spare[1:] },
				"POST", "/auth/sign-out/"+f.app, `{}`, bearer(f.spare[0].access))
		}
		f.write(200, func(got answer) { f.spare = append(f.spare, sessionOf(f.t, got)) },
			"POST", "/auth/credentials/"+f.app, `{"email":"ann@example.com","password":"`+password+`"}`)
		f.write(201, func(got answer) { f.key = got.string("key") }, "POST", "/apps/"+f.app+"/api-keys", `{}`, bearer(f.developer))
		f.write(202, func(answer) {}, "POST", "/auth/magic-link/"+f.app, `{"email":"ann@example.com"}`)
		for _, r := range []request{
			{"oneself", "GET", "/auth/me/" + f.app, "", []string{bearer(f.ann.access)}, 200},
			{"users", "GET", "/users/" + f.app, "", []string{bearer(f.key)}, 200},
			{"keys", "GET", "/apps/" + f.app + "/.well-known/jwks.json", "", nil, 200},
			{"alive", "GET", "/healthz", "", nil, 200},
			{"a wrong password", "POST", "/auth/credentials/" + f.app, `{"email":"ann@example.com","password":"another passphrase"}`, nil, 401},
		} {
			got, err := f.p.tryOnce(r.method, r.path, r.body, r.headers)
			if err != nil || got.status != r.status {
				f.t.Errorf("%s on a disk that is full: got %d %s, %v, want %d", r.name, got.status, got.text, err, r.status)
			}
		}
	}
	f.integrity()
}

// write sends a request once, and calls done if it is acknowledged.
func (f *fullDisk) write(status int, done func(answer), method, path, body string, headers ...string) {
	f.t.Helper()
	got, err := f.p.tryOnce(method, path, body, headers)
	switch {
	case err != nil:
		f.t.Errorf("%s: got %v", got.asked, err)
	case got.status == status:
		done(got)
	default:
		f.wantRefused(got)
		f.refused++
	}
}

// makeRoom empties the disk, and checks that writes succeed at once.
func (f *fullDisk) makeRoom() {
	f.t.Helper()
	if err := os.Remove(filepath.Join(f.dir, "ballast")); err != nil {
		f.t.Fatal(err)
	}
	f.ann = sessionOf(f.t, f.p.refresh(f.app, f.ann.refresh).want(f.t, 200, ""))
	f.signIn()
	in := f.spare[0]
	f.p.send("POST", "/auth/sign-out/"+f.app, `{}`, bearer(in.access)).want(f.t, 204, "")
	f.dead, f.spare = append(f.dead, in), f.spare[1:]
	f.nothingLost()
}

// nothingLost compares the list of users with the acknowledged sign-ups.
func (f *fullDisk) nothingLost() {
	f.t.Helper()
	got := f.p.send("GET", "/users/"+f.app+"?limit=500", "", bearer(f.key)).want(f.t, 200, "")
	users, _ := got.body["users"].([]any)
	ids := map[string]string{}
	for _, u := range users {
		user, _ := u.(map[string]any)
		email, _ := user["email"].(string)
		ids[email], _ = user["user_id"].(string)
	}
	for email, id := range f.joined {
		if ids[email] != id {
			f.t.Errorf("%s: got id %q, want %q, as acknowledged", email, ids[email], id)
		}
	}
	if len(ids) != len(f.joined) {
		f.t.Errorf("users: got %d, want the %d who were told so", len(ids), len(f.joined))
	}
	for _, s := range f.dead {
		f.p.me(f.app, s.access).want(f.t, 401, "invalid_token")
	}
	for _, s := range append(f.spare, f.ann) {
		f.p.me(f.app, s.access).want(f.t, 200, "")
	}
}

func (f *fullDisk) integrity() {
	f.t.Helper()
	db, err := sql.Open("sqlite", "file:"+f.file+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	var said string
	if err := db.QueryRowContext(f.t.Context(), "pragma integrity_check").Scan(&said); err != nil || said != "ok" {
		f.t.Errorf("integrity_check: got %q, %v, want ok", said, err)
	}
}
