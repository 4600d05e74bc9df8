package authkit

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Prober is a role that a [Store] may have beside its contract: [Engine.Check] asks it what only
// the store knows, such as the state of its tables. Check finds it through wrappers that have a
// method Unwrap() Store. A wrapper without one hides it, and Check then leaves that out.
type Prober interface {
	// Probe returns what it finds, made by [NewFinding] or with codes of its own. It changes
	// nothing and honours ctx. What it returns beside an error counts.
	Probe(ctx context.Context) ([]Finding, error)
}

// proberOf returns the Prober in a store, and nil if there is none.
func proberOf(s Store) Prober {
	for s != nil {
		if p, ok := s.(Prober); ok {
			return p
		}
		wrapper, ok := s.(interface{ Unwrap() Store })
		if !ok {
			return nil
		}
		s = wrapper.Unwrap()
	}
	return nil
}

// ownFindings asks the store itself.
func (c checkup) ownFindings(ctx context.Context) ([]Finding, error) {
	p := proberOf(c.e.cfg.Store)
	if p == nil {
		return nil, nil
	}
	return p.Probe(ctx)
}

// store checks that the store answers and writes, how its clock goes, and what it notes of
// secrets.
func (c checkup) store(ctx context.Context) ([]Finding, error) {
	clock := c.e.store.clock
	if err := clock.measure(ctx); err != nil {
		return []Finding{NewFinding(FindingStoreUnreachable, fmt.Sprintf("The store fails: %v.", err))}, nil
	}
	var found []Finding
	switch skew := clock.skew(); {
	case skew.Abs() > maxSkew:
		found = append(found, NewFinding(FindingClockOff, fmt.Sprintf("The clock of the store is %v ahead of that of this process; at most %v is allowed.", skew, maxSkew)))
	case skew.Abs() > warnSkew:
		found = append(found, NewFinding(FindingClockSkewed, fmt.Sprintf("The clock of the store is %v ahead of that of this process.", skew)))
	}
	notes, err := c.e.store.Secrets(ctx)
	return append(found, c.notes(notes)...), err
}

// notes checks what the store notes of secrets.
func (c checkup) notes(notes []SecretNote) (found []Finding) {
	newest, left := c.e.secrets.newest(), []string(nil)
	for _, note := range notes {
		if note.ID != newest {
			left = append(left, note.ID)
		}
	}
	if !slices.Contains(notes, SecretNote{ID: newest}) {
		return []Finding{NewFinding(FindingSecretRetired, "The store has retired the newest secret of this configuration, "+newest+".")}
	}
	if len(left) > 0 {
		found = append(found, NewFinding(FindingSecretsLeft, "Beside the newest secret, "+newest+", the store may hold what "+strings.Join(left, ", ")+" sealed."))
	}
	return found
}
