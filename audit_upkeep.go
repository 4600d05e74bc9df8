package authkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
)

// keep logs the heads of the chains that have grown since the last time, and removes the links
// whose events are all older than their app keeps them. It does nothing until an hour is over.
func (a *auditChain) keep(ctx context.Context) error {
	now := a.now()
	if !a.due.reached(now, headsEvery) {
		return nil
	}
	return a.each(ctx, func(c Chain) error {
		if c.LinkedAt.After(now.Add(-2 * headsEvery)) { // other processes have their own hour
			a.log.LogAttrs(ctx, slog.LevelInfo, "head of the audit chain", slog.String("app", c.App.String()), slog.String("head", c.head()))
		}
		return a.cut(ctx, c, now.AddDate(0, 0, -c.days()))
	})
}

// days is for how long the events of the app are kept.
func (c Chain) days() int {
	if c.Days == 0 {
		return defaultAuditDays
	}
	return c.Days
}

// each calls do for every chain, whatever fails.
func (a *auditChain) each(ctx context.Context, do func(Chain) error) error {
	var all error
	for after := uuid.Nil; ; {
		chains, err := a.store.Chains(ctx, after, chainsPage)
		if err != nil {
			return errors.Join(all, fmt.Errorf("list the audit chains: %w", err))
		}
		for _, c := range chains {
			if err := do(c); err != nil && !errors.Is(err, ErrStale) && !errors.Is(err, ErrNotFound) { // another process was first, or the app is gone
				all = errors.Join(all, fmt.Errorf("keep the audit chain of app %s: %w", c.App, err))
			}
		}
		if len(chains) < chainsPage {
			return all
		}
		after = chains[len(chains)-1].App
	}
}

// cut removes the oldest links, as long as all of their events are before a time. What is left begins
// with the hash of the last one that was removed, which the seal covers. [*AuditFault]: a link at the
// beginning is not the one that was chained, and it stays.
func (a *auditChain) cut(ctx context.Context, c Chain, before time.Time) error {
	for !c.Oldest.IsZero() && c.Oldest.Before(before) {
		if err := a.check(c); err != nil {
			return err
		}
		next, gone, err := a.withoutOldest(ctx, c)
		if err != nil {
			if now, failed := a.store.Chain(ctx, c.App); failed == nil && now.First != c.First { // another process has cut it
				return ErrStale
			}
			return err
		}
		if err := a.change(ctx, c, next, ChainChange{Cut: &gone}); err != nil {
			return err
		}
		if c, err = a.store.Chain(ctx, c.App); err != nil {
			return err
		}
	}
	return nil
}

// withoutOldest returns a chain without its oldest link, and that link. It checks that link and the
// next, since what it takes from them is signed.
func (a *auditChain) withoutOldest(ctx context.Context, c Chain) (next Chain, gone Link, err error) {
	links, err := a.store.Links(ctx, c.App, c.First, 2)
	if err != nil {
		return next, gone, err
	}
	w := auditWalk{auditChain: a, chain: c, at: c.First, before: c.Before, head: -1}
	for _, l := range links {
		if l.Seq != w.at || l.Seq >= c.Next {
			break
		}
		if err := w.link(ctx, l); err != nil {
			return next, gone, err
		}
		if next.App == uuid.Nil {
			next, gone = c, l
			next.First, next.Before, next.Oldest = w.at, w.before, time.Time{}
			continue
		}
		next.Oldest = l.Last
	}
	if next.App == uuid.Nil || next.Oldest.IsZero() && next.First != c.Next {
		return next, gone, &AuditFault{w.at, uuid.Nil, "the link that begins here is missing"}
	}
	return next, gone, nil
}

// reseal signs the chains again that another secret than the newest has signed. It returns an error
// for each whose seal does not hold, and leaves that one as it is.
func (a *auditChain) reseal(ctx context.Context) (n int, err error) {
	newest := a.ring.IDs()[0]
	err = a.each(ctx, func(c Chain) error {
		if by, _ := seal.SealedBy(c.Seal); by == newest {
			return nil
		}
		if err := a.check(c); err != nil {
			return err
		}
		if err := a.change(ctx, c, c, ChainChange{}); err != nil {
			return err
		}
		n++
		return nil
	})
	return n, err
}
