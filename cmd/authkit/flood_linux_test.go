package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// strict makes the flood longer and sets the bounds of a machine without other load:
// go test -run TestAFloodOfSignIns ./cmd/authkit -args -strict.
var strict = flag.Bool("strict", false, "flood for half a minute, with the bounds of a quiet machine")

const (
	flooders     = 200
	floodWorkers = 2               // GOMAXPROCS, and so how many hashes run at once
	queueWait    = 3 * time.Second // the default of Config.Password.QueueWait
)

// bounds limits what a flood may cost.
type bounds struct {
	long   time.Duration
	memory int           // MB of RSS above idle
	others time.Duration // the 99th percentile of requests without a hash
	refuse time.Duration // the 99th percentile of a refusal where the queue is full
}

func floodBounds() bounds {
	switch {
	case *strict:
		return bounds{30 * time.Second, 140, 50 * time.Millisecond, 50 * time.Millisecond}
	case raced:
		return bounds{5 * time.Second, 1000, 2 * time.Second, 2 * time.Second}
	}
	return bounds{8 * time.Second, 140, time.Second, time.Second}
}

// TestAFloodOfSignIns has 200 clients try passwords without pause, with no limit but the hash
// gate. Requests without a hash stay fast.
func TestAFloodOfSignIns(t *testing.T) { //nolint:paralleltest // it measures
	b := floodBounds()
	p := launchWith(t, []string{"GOMAXPROCS=" + strconv.Itoa(floodWorkers)}, newLines(),
		"--store", "memory", "--developer", developerEmail+":"+password, "--rate-limits=off")
	p.ready()
	app, _ := p.createApp(p.developer())
	p.credentials(app, "ann@example.com", "sign_up").want(t, 201, "")
	token := p.credentials(app, "bob@example.com", "sign_up").want(t, 201, "").string("token") // Ann's own oldest sessions end as the flood signs her in
	f := &flood{p: p, app: app, until: time.Now().Add(b.long)}
	idle := p.memory()

	var all sync.WaitGroup
	for i := range flooders {
		all.Go(func() { f.hammer(i) })
	}
	all.Go(func() { f.probe("GET", "/auth/me/"+app, bearer(token)) })
	all.Go(func() { f.probe("GET", "/apps/"+app+"/.well-known/jwks.json", "Accept: */*") })
	most := idle
	for time.Now().Before(f.until) {
		most = max(most, p.memory())
		<-time.After(50 * time.Millisecond)
	}
	all.Wait()

	begun := time.Now()
	got, err := p.tryOnce("POST", "/auth/credentials/"+app, signIn("ann@example.com", password), nil)
	if after := time.Since(begun); err != nil || got.status != http.StatusOK || after > b.others {
		t.Errorf("a sign-in after the flood: got %d, %v after %v, want 200 at once", got.status, err, after)
	}
	full, late := f.refusals()
	t.Logf("%v: %d hashed, %d refused at once (p99 %v), %d after their wait; RSS %d MB idle, %d MB at most; the others: %d answers, p50 %v, p99 %v, at most %v",
		b.long, len(f.hashed), len(full), percentile(full, 99), len(late), idle, most, len(f.others), percentile(f.others, 50), percentile(f.others, 99), percentile(f.others, 100))
	if most-idle > b.memory {
		t.Errorf("RSS: got %d MB above idle, want %d at most", most-idle, b.memory)
	}
	if p99 := percentile(f.others, 99); len(f.others) < 20 || p99 > b.others {
		t.Errorf("what needs no hash: got %d answers, a 99th percentile of %v, want %v at most", len(f.others), p99, b.others)
	}
	if p99 := percentile(full, 99); len(full) < 20 || p99 > b.refuse {
		t.Errorf("refusals by a full queue: got %d, a 99th percentile of %v, want %v at most", len(full), p99, b.refuse)
	}
	if len(f.hashed) < 10 {
		t.Errorf("sign-ins that got through: got %d, want as many as ever", len(f.hashed))
	}
	p.stop()
}

// flood records the answers that its clients got.
type flood struct {
	p     *process
	app   string
	until time.Time

	mu                      sync.Mutex
	hashed, refused, others []time.Duration
}

// floods is an HTTP client that keeps a connection for each client of the flood.
var floods = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: flooders + 8}, Timeout: patience}

func signIn(email, pw string) string {
	return `{"email":"` + email + `","password":"` + pw + `","intent":"sign_in"}`
}

// hammer tries right and wrong passwords for known and unknown addresses. It repeats a refused
// try soon and ignores Retry-After.
func (f *flood) hammer(i int) {
	who := []string{"ann@example.com", fmt.Sprintf("nobody%d@example.com", i)}
	for n := i; time.Now().Before(f.until); n++ {
		email, pw, want := who[n%2], "another passphrase", http.StatusUnauthorized
		if n%4 == 0 && n%2 == 0 {
			pw, want = password, http.StatusOK
		}
		status, header, took := f.ask("POST", "/auth/credentials/"+f.app, signIn(email, pw), "Accept: */*")
		switch {
		case status == want:
			f.note(&f.hashed, took)
		case status == http.StatusServiceUnavailable && header.Get("Retry-After") != "":
			f.note(&f.refused, took)
			<-time.After(50 * time.Millisecond)
		default:
			f.p.t.Errorf("a password in the flood: got %d, Retry-After %q, want %d or 503 with Retry-After", status, header.Get("Retry-After"), want)
			return
		}
	}
}

// probe sends requests without a hash at intervals.
func (f *flood) probe(method, path, header string) {
	for time.Now().Before(f.until) {
		status, _, took := f.ask(method, path, "", header)
		if status != http.StatusOK {
			f.p.t.Errorf("%s in the flood: got %d, want 200", path, status)
		}
		f.note(&f.others, took)
		<-time.After(20 * time.Millisecond)
	}
}

func (f *flood) ask(method, path, body, header string) (int, http.Header, time.Duration) {
	r, err := http.NewRequestWithContext(f.p.t.Context(), method, "http://"+f.p.addr+path, strings.NewReader(body))
	if err != nil {
		f.p.t.Error(err)
		return 0, nil, 0
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	name, value, _ := strings.Cut(header, ": ")
	r.Header.Set(name, value)
	begun := time.Now()
	got, err := floods.Do(r)
	if err != nil {
		f.p.t.Errorf("%s %s: got %v", method, path, err)
		return 0, nil, 0
	}
	defer got.Body.Close()
	_, _ = io.Copy(io.Discard, got.Body)
	return got.StatusCode, got.Header, time.Since(begun)
}

func (f *flood) note(to *[]time.Duration, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*to = append(*to, took)
}

// refusals returns the times of refusals by a full queue, and of those after too long a wait.
func (f *flood) refusals() (full, late []time.Duration) {
	for _, took := range f.refused {
		if took < queueWait {
			full = append(full, took)
		} else {
			late = append(late, took)
		}
	}
	return full, late
}

func percentile(all []time.Duration, p int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)].Round(100 * time.Microsecond)
}

var resident = regexp.MustCompile(`VmRSS:\s+([0-9]+) kB`)

// memory returns the resident set of the process, in MB.
func (p *process) memory() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	found := resident.FindSubmatch(status)
	if err != nil || found == nil {
		p.t.Fatalf("status: got %s, %v", status, err)
	}
	kB, err := strconv.Atoi(string(found[1]))
	if err != nil {
		p.t.Fatal(err)
	}
	return kB >> 10
}
