package authkit

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/password"
)

// legacyKind names the time of an answer of the old system in [pace].
const legacyKind = "Config.LegacyPassword"

// pace knows how long hashes of each kind take in this process. A kind is a hash without salt and key.
type pace struct {
	verify func(password.Stored, string) bool
	mu     sync.Mutex // of one observation
	took   *bounded.Cache[string, observed]
}

// observed is what is known of a kind: how long its hashes take as a rule, and took at least, how many
// were observed and when the latest was.
type observed struct {
	usual, least time.Duration
	runs         int
	at           time.Time
}

func newPace() *pace {
	return &pace{verify: password.Stored.Verify, took: bounded.NewCache[string, observed](1024)}
}

// run verifies a password and observes how long that takes.
func (p *pace) run(hash password.Stored, pw string) bool {
	began := time.Now()
	ok := p.verify(hash, pw)
	p.observe(hash.Blank().String(), time.Since(began))
	return ok
}

// observe moves what is known of a kind an eighth of the way to a new observation. One that was held up
// counts as four times what is known at most.
func (p *pace) observe(kind string, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := observed{took, took, 1, time.Now()}
	if known, ok := p.took.Get(kind); ok {
		now.usual, now.least, now.runs = known.usual+(min(took, 4*known.usual)-known.usual)/8, min(took, known.least), known.runs+1
	}
	p.took.Put(kind, now)
}

// measure runs the kinds of which nothing is known yet. A kind that cannot be read is left out.
func (p *pace) measure(kinds []string) {
	for _, kind := range kinds {
		if _, known := p.took.Get(kind); known {
			continue
		}
		if hash, err := password.Parse(kind); err == nil {
			p.run(hash, "")
		}
	}
}

// slowest is how long the slowest of the kinds takes. Nothing is known of a kind that was not
// measured.
func (p *pace) slowest(kinds []string) (most time.Duration) {
	for _, kind := range kinds {
		known, _ := p.took.Get(kind)
		most = max(most, known.usual)
	}
	return most
}

// known is what is known of a kind: nothing, with no runs.
func (p *pace) known(kind string) observed {
	known, _ := p.took.Get(kind)
	return known
}

// withForeign adds the kind of a hash to those that an app has: of each algorithm the slowest.
// It reports false if they stay as they are.
func withForeign(kinds []string, hash password.Stored) ([]string, bool) {
	i := slices.IndexFunc(kinds, func(kind string) bool {
		known, err := password.Parse(kind)
		return err == nil && known.Family() == hash.Family()
	})
	if i < 0 {
		return append(slices.Clone(kinds), hash.Blank().String()), true
	}
	if known, _ := password.Parse(kinds[i]); known.Work() >= hash.Work() {
		return kinds, false
	}
	kinds = slices.Clone(kinds)
	kinds[i] = hash.Blank().String()
	return kinds, true
}

// wait returns after a time, or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
