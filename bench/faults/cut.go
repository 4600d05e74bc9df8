package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// cutWAL copies a database with its write-ahead log, cuts the copies and opens them. A power cut
// keeps everything up to the last sync, and any part of what was written after it.
func cutWAL(ctx context.Context, w *world, r *result) error {
	for _, writers := range []int{1, 8} {
		c := &cutting{w: w, r: r, writers: writers}
		if err := c.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// cutting is a run of writers, whose database is copied meanwhile.
type cutting struct {
	w       *world
	r       *result
	writers int
	child   *child
	file    string
	app     app

	mu     sync.Mutex
	writes []*write // acknowledged
	keys   []string // each replaced the one before

	opened, without int
}

// write is an acknowledged write. By end it is in the log, or in the database file.
type write struct {
	what string
	end  walEnd
	in   func(ctx context.Context, d *client) (bool, error) // reports whether a database has it
}

func (c *cutting) run(ctx context.Context) (err error) {
	store := c.w.sqlite()
	_, c.file, _ = strings.Cut(store, ":")
	// Run writes things that are not acknowledged to any client.
	if c.child, err = c.w.child(ctx, spec{Store: store, Idle: true}); err != nil {
		return err
	}
	if c.app, err = c.child.newApp(ctx, c.w.name("cut")); err != nil {
		return err
	}
	for range c.w.of(2, 12) {
		copied, err := c.spell(ctx)
		if err != nil {
			return err
		}
		if err := c.cuts(ctx, copied); err != nil {
			return err
		}
	}
	order := "a longer log never had less than a shorter one"
	if c.writers == 1 {
		order = "each held a prefix of the writes"
	}
	c.r.notef("%d writer(s): %d acknowledged writes; %d cut copies opened with all that was acknowledged before the cut, %d without some that came after it; %s",
		c.writers, len(c.writes), c.opened, c.without, order)
	return c.child.kill()
}

// spell lets the writers write for a while, and copies the files at a moment when one of them is
// being written.
func (c *cutting) spell(ctx context.Context) (snapshot, error) {
	var group sync.WaitGroup
	var stop atomic.Bool
	errs := make(chan error, c.writers)
	for i := range c.writers {
		group.Go(func() {
			for !stop.Load() {
				if err := c.write(ctx, c.writers == 1 && i == 0); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	enough := c.acked() + 3 + mathrand.IntN(c.w.of(8, 60)) //nolint:gosec // nothing depends on it
	for c.acked() < enough && len(errs) == 0 && ctx.Err() == nil {
		time.Sleep(100 * time.Microsecond)
	}
	time.Sleep(time.Duration(mathrand.IntN(3000)) * time.Microsecond) //nolint:gosec // nothing depends on it
	var s snapshot
	err := c.child.freeze(func() (err error) { s, err = c.copied(); return err })
	stop.Store(true)
	group.Wait()
	close(errs)
	return s, errors.Join(err, <-errs)
}

func (c *cutting) acked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.writes)
}

// write signs a user up, replaces the API key, and signs the user out. Replacing is left out where
// others write too, since only one key works at a time.
func (c *cutting) write(ctx context.Context, alone bool) error {
	email, secret := c.w.name("user")+"@example.com", password()
	up, in := c.credentials("sign_up", email, secret), c.credentials("sign_in", email, secret)
	a, err := c.done(ctx, up, in.succeeds)
	if err != nil {
		return err
	}
	if alone {
		p := probe{what: "API key", path: "/apps/" + c.app.id + "/api-keys", body: map[string]string{}, header: [2]string{developerHeader, c.app.developer}}
		n := len(c.keys)
		a, err := c.done(ctx, p, func(ctx context.Context, d *client) (bool, error) { return c.anyKey(ctx, d, n) })
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.keys = append(c.keys, a.fields().Key)
		c.mu.Unlock()
	}
	session := map[string]string{"refresh_token": a.fields().RefreshToken}
	out := probe{what: "sign-out of " + email, path: "/auth/sign-out/" + c.app.id, body: session}
	_, err = c.done(ctx, out, func(ctx context.Context, d *client) (bool, error) {
		there, err := in.succeeds(ctx, d)
		if err != nil || !there {
			return false, err
		}
		live, err := probe{path: "/auth/refresh/" + c.app.id, body: session}.succeeds(ctx, d)
		return !live, err
	})
	return err
}

func (c *cutting) credentials(intent, email, password string) probe {
	return probe{what: intent + " of " + email, path: "/auth/credentials/" + c.app.id, body: map[string]string{"email": email, "password": password, "intent": intent}}
}

// succeeds reports whether the answer is success. A database that was opened refuses or succeeds.
func (p probe) succeeds(ctx context.Context, d *client) (bool, error) {
	a, err := p.send(ctx, d)
	if err == nil && a.status >= 500 {
		err = unexpected(p, a)
	}
	return a.ok(), err
}

// anyKey reports whether a key works that was made as the n-th or later.
func (c *cutting) anyKey(ctx context.Context, d *client, n int) (bool, error) {
	c.mu.Lock()
	keys := slices.Clone(c.keys)
	c.mu.Unlock()
	for _, key := range slices.Backward(keys[min(n, len(keys)):]) {
		use := probe{method: http.MethodGet, path: "/users/" + c.app.id, header: [2]string{"Authorization", "Bearer " + key}}
		if works, err := use.succeeds(ctx, d); works || err != nil {
			return works, err
		}
	}
	return false, nil
}

// done sends a write and records it with the end of the log.
func (c *cutting) done(ctx context.Context, p probe, in func(context.Context, *client) (bool, error)) (answer, error) {
	a, err := p.send(ctx, c.child.client())
	if err != nil {
		return a, err
	}
	if !a.ok() {
		return a, unexpected(p, a)
	}
	end, _, err := readWAL(c.file + "-wal")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = append(c.writes, &write{p.what, end, in})
	return a, err
}

// snapshot is a copy of the files at one moment, with what was acknowledged by then.
type snapshot struct {
	database, log []byte
	writes        []*write
	end           walEnd
	ends          []int64 // of the commits in the log
	least         int64   // what is before it is in the database file
}

// copied copies the files. The process stands still.
func (c *cutting) copied() (s snapshot, err error) {
	c.mu.Lock()
	s.writes = slices.Clone(c.writes)
	c.mu.Unlock()
	if s.database, err = os.ReadFile(c.file); err != nil {
		return s, err
	}
	if s.log, err = os.ReadFile(c.file + "-wal"); err != nil {
		return s, err
	}
	if s.end, s.ends, err = readWAL(c.file + "-wal"); err != nil {
		return s, err
	}
	s.least, err = backfilled(c.file+"-shm", c.file+"-wal", s.end.at)
	return s, err
}

// cuts opens cut copies, the longest last.
func (c *cutting) cuts(ctx context.Context, s snapshot) error {
	least := min(s.least, s.end.at)
	at := []int64{least, s.end.at, int64(len(s.log))}
	for _, end := range s.ends[max(0, len(s.ends)-c.w.of(2, 6)):] { // around the newest commits
		at = append(at, end-1, end, end+1, end+frameHeader)
	}
	for range c.w.of(2, 10) { // anywhere
		at = append(at, least+mathrand.Int64N(int64(len(s.log))-least+1)) //nolint:gosec // nothing depends on it
	}
	slices.Sort(at)
	at = slices.DeleteFunc(slices.Compact(at), func(cut int64) bool { return cut < least || cut > int64(len(s.log)) })
	var had []bool
	for i, cut := range at {
		has, err := c.open(ctx, s, cut, i%2 == 1)
		if err != nil {
			return fmt.Errorf("log cut at %d of %d: %w", cut, len(s.log), err)
		}
		c.judge(s, cut, has, had)
		had = has
	}
	return nil
}

// recent is how many of the newest writes are looked for in a copy. The log has room for fewer.
const recent = 60

// open opens a cut copy and returns which of the recent writes it has. torn leaves garbage in the
// place of what was cut off, as a disk may.
func (c *cutting) open(ctx context.Context, s snapshot, cut int64, torn bool) (has []bool, err error) {
	path := c.w.path("copy")
	log := slices.Clone(s.log[:cut])
	if torn {
		garbage := make([]byte, int64(len(s.log))-cut)
		_, _ = rand.Read(garbage) // it never fails
		log = append(log, garbage...)
	}
	if err := errors.Join(os.WriteFile(path, s.database, 0o600), os.WriteFile(path+"-wal", log, 0o600)); err != nil {
		return nil, err
	}
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(path + suffix) // the world removes what is left
		}
	}()
	at := spec{Store: "sqlite:" + path}
	store, err := at.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.(io.Closer).Close()) }() //nolint:forcetypeassert // SQLite's has it
	engine, err := at.engine(store, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		return nil, err
	}
	c.opened++
	d := &client{direct: engine.Handler()}
	for _, write := range s.recent() {
		there, err := write.in(ctx, d)
		if err != nil {
			return nil, fmt.Errorf("look for %s: %w", write.what, err)
		}
		has = append(has, there)
	}
	return has, nil
}

func (s snapshot) recent() []*write { return s.writes[max(0, len(s.writes)-recent):] }

// judge checks what a cut copy has: all that was acknowledged while the log was no longer, nothing
// that follows on a write that is missing, and all that a shorter copy had.
func (c *cutting) judge(s snapshot, cut int64, has, had []bool) {
	first := slices.Index(has, false)
	if first >= 0 {
		c.without++
	}
	for i, write := range s.recent() {
		durable := write.end.order < s.end.order || write.end.order == s.end.order && write.end.at <= cut
		switch {
		case durable && !has[i]:
			c.r.brokef("%s was acknowledged when the log was %d long; cut at %d of %d, it is lost", write.what, write.end.at, cut, len(s.log))
		case c.writers == 1 && first >= 0 && i > first && has[i]:
			c.r.brokef("log cut at %d of %d: %s is there, and %s, which was acknowledged before, is not", cut, len(s.log), write.what, s.recent()[first].what)
		case had != nil && had[i] && !has[i]:
			c.r.brokef("log cut at %d of %d: %s is missing, and a shorter log had it", cut, len(s.log), write.what)
		}
	}
}
