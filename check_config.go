package authkit

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/authkit-dev/authkit/internal/ratetext"
)

// configuration checks the fields of Config, without asking anything.
func (c checkup) configuration(context.Context) (found []Finding, err error) {
	cfg := &c.e.cfg
	for i, secret := range cfg.Secrets {
		if fault := weakness(secret); fault != "" {
			found = append(found, c.exposed(FindingSecretWeak, fmt.Sprintf("Config.Secrets[%d] has %d bytes, %s.", i, len(secret), fault)))
		}
	}
	if cfg.Store.Volatile() {
		found = append(found, c.exposed(FindingStoreVolatile, "Config.Store keeps its data in the memory of this process."))
	}
	if c.base.Scheme == "http" && !c.loopback() {
		found = append(found, NewFinding(FindingBaseURLInsecure, fmt.Sprintf("Config.BaseURL is %q, with InsecureAllowHTTP.", cfg.BaseURL)))
	}
	if cfg.InsecureAllowLoopbackProviders {
		found = append(found, c.exposed(FindingLoopbackProviders, "Config.InsecureAllowLoopbackProviders is true."))
	}
	for i, p := range cfg.TrustedProxies {
		if p.Bits() == 0 {
			found = append(found, NewFinding(FindingTrustedProxiesAll, fmt.Sprintf("Config.TrustedProxies[%d] is %s, every address.", i, p)))
		}
	}
	if peer := c.e.http.ignored.Load(); peer != nil {
		found = append(found, NewFinding(FindingForwardingUntrusted, fmt.Sprintf("A forwarding header of the peer %q is ignored, since it is no trusted proxy.", *peer)))
	}
	return append(found, c.limits()...), nil
}

// weakness says what makes a secret easy to guess; empty: nothing that can be seen.
func weakness(secret []byte) string {
	const bits = 128 // that a guess must at least take
	text := bytes.IndexFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	switch {
	case bytes.Count(secret, secret[:1]) == len(secret):
		return "which are all the same"
	case text && bytes.ContainsRune(secret, ' '):
		return "which are words"
	case entropy(secret) < bits:
		return "which repeat themselves"
	}
	return ""
}

// entropy returns an upper bound on the bits of a text, by how often each byte is in it. That of 32
// random bytes is about 156.
func entropy(text []byte) float64 {
	var counts [256]float64
	for _, b := range text {
		counts[b]++
	}
	n, bits := float64(len(text)), 0.0
	for _, count := range counts {
		if count > 0 {
			bits += count * math.Log2(n/count)
		}
	}
	return bits
}

// limits checks Config.Limits, and ConsoleSignup with it.
func (c checkup) limits() (found []Finding) {
	cfg := &c.e.cfg
	if cfg.Limits.InsecureOff {
		found = append(found, c.exposed(FindingLimitsOff, "Config.Limits.InsecureOff is true."))
		if cfg.ConsoleSignup {
			found = append(found, c.exposed(FindingConsoleUnlimited, "Config.ConsoleSignup is true, and Config.Limits.InsecureOff as well."))
		}
		return found
	}
	for _, f := range limitFields {
		rates, _ := ratetext.Parse(*f.text(&cfg.Limits), f.keys...) // New has read it
		for _, key := range f.keys {
			if _, ok := rates.Of(key); !ok {
				found = append(found, c.exposed(FindingLimitMissing, fmt.Sprintf("Config.%s is %q, without a limit by %s.", f.config, *f.text(&cfg.Limits), key)))
			}
		}
	}
	for _, f := range writeFields {
		if *f.text(&cfg.Limits) == writesOff {
			found = append(found, c.exposed(FindingLimitMissing, fmt.Sprintf("Config.%s is %q.", f.config, writesOff)))
		}
	}
	if unbounded := c.consoleBounds(); cfg.ConsoleSignup && len(unbounded) > 0 {
		found = append(found, c.exposed(FindingConsoleUnlimited, "Config.ConsoleSignup is true, without a bound by Config.Limits."+strings.Join(unbounded, ", ")+"."))
	}
	return found
}

// consoleBounds returns the fields of Config.Limits that leave a developer without a bound.
func (c checkup) consoleBounds() (fields []string) {
	l := c.e.cfg.Limits
	for _, bound := range []struct {
		field string
		none  bool
	}{{"Apps", l.Apps < 0}, {"AppsPerDay", l.AppsPerDay < 0}, {"DeveloperMail", l.DeveloperMail < 0}, {"Developer", l.Developer == writesOff}} {
		if bound.none {
			fields = append(fields, bound.field)
		}
	}
	return fields
}

// ConfigFindings returns the errors of a configuration that [New] refused, one finding for each.
// It returns nil for any other error.
func ConfigFindings(err error) (found []Finding) {
	switch e := err.(type) { //nolint:errorlint // it walks the tree
	case *configProblem:
		f := NewFinding(FindingConfiguration, strings.ToUpper(e.seen()[:1])+e.seen()[1:]+".")
		f.Fix = strings.ToUpper(e.fix[:1]) + e.fix[1:] + "."
		return []Finding{f}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			found = append(found, ConfigFindings(err)...)
		}
	case interface{ Unwrap() error }:
		return ConfigFindings(e.Unwrap())
	}
	return found
}
