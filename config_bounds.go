package authkit

import (
	"fmt"
	"net/url"
	"runtime"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
)

func (p *PasswordConfig) fill(bad *problems) {
	if u, err := url.Parse(p.Breached); p.Breached != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !httpio.Loopback(u.Hostname())))) {
		bad.add("Password.Breached", quote(p.Breached), `use https, such as "https://api.pwnedpasswords.com/range/", or leave it empty`)
	}
	positive(bad, "Password.MinLength", &p.MinLength, 12)
	positive(bad, "Password.MaxLength", &p.MaxLength, 1024)
	positive(bad, "Password.MemoryKiB", &p.MemoryKiB, 19*1024)
	positive(bad, "Password.Time", &p.Time, 2)
	positive(bad, "Password.Threads", &p.Threads, 1)
	positive(bad, "Password.Concurrent", &p.Concurrent, runtime.GOMAXPROCS(0))
	positive(bad, "Password.Queue", &p.Queue, 64*p.Concurrent)
	positive(bad, "Password.QueueWait", &p.QueueWait, 3*time.Second)
	if p.MinLength > p.MaxLength {
		bad.add("Password.MinLength", p.MinLength, fmt.Sprintf("set at most MaxLength, %d", p.MaxLength))
	}
	if p.MemoryKiB < 8*uint32(p.Threads) || p.MemoryKiB > 1<<20 || p.Time > 16 || p.Threads > 16 {
		bad.add("Password.MemoryKiB", fmt.Sprintf("%d with Time %d and Threads %d", p.MemoryKiB, p.Time, p.Threads),
			"stay within 8 KiB a thread and 1 GiB, 16 passes and 16 threads")
	}
}

// The bounds of lifetimes: the engine's and an app's own.
var (
	accessTTLs    = span{time.Minute, time.Hour}
	idleTimes     = span{5 * time.Minute, 90 * day}
	absoluteTimes = span{time.Second, 365 * day}
)

// span is a range of durations, both ends included.
type span struct{ least, most time.Duration }

func (s span) holds(d time.Duration) bool { return d >= s.least && d <= s.most }

func (t *TokenConfig) fill(bad *problems) {
	positive(bad, "Tokens.AccessTTL", &t.AccessTTL, 15*time.Minute)
	positive(bad, "Tokens.SessionIdle", &t.SessionIdle, 14*24*time.Hour)
	positive(bad, "Tokens.SessionAbsolute", &t.SessionAbsolute, 90*24*time.Hour)
	positive(bad, "Tokens.MaxSessions", &t.MaxSessions, 100)
	if !accessTTLs.holds(t.AccessTTL) {
		bad.add("Tokens.AccessTTL", t.AccessTTL, "set one minute to one hour")
	}
	if !idleTimes.holds(t.SessionIdle) {
		bad.add("Tokens.SessionIdle", t.SessionIdle, "set five minutes to 90 days")
	}
	if !absoluteTimes.holds(t.SessionAbsolute) {
		bad.add("Tokens.SessionAbsolute", t.SessionAbsolute, "set one second to 365 days")
	}
	if t.KeyRotation == 0 {
		t.KeyRotation = 90 * day
	}
	if t.LiveWithin == 0 {
		t.LiveWithin = 5 * time.Second
	}
}

// positive sets a zero field to its default and reports a negative one.
func positive[T int | uint8 | uint32 | time.Duration](bad *problems, field string, v *T, fallback T) {
	switch {
	case *v == 0:
		*v = fallback
	case *v < 0:
		bad.add(field, *v, fmt.Sprintf("set a positive value, or 0 for the default, %v", fallback))
	}
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

const day = 24 * time.Hour
