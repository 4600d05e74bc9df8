package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// ChangeUser implements [authkit.UserStore].
func (s *Store) ChangeUser(ctx context.Context, c authkit.UserChange) (authkit.User, error) {
	var out authkit.User
	err := s.in(ctx, c.App, func(t *tenant) error {
		a, ok := t.users[c.ID]
		if !ok || c.Version != 0 && c.Version != a.user.Version {
			return authkit.ErrStale
		}
		next := changed(a.user, c)
		if c.Session != nil && next.Disabled {
			return authkit.ErrStale
		}
		taken, err := t.checkChange(a.user, next, c)
		if err != nil {
			return err
		}
		riders := t.own(c.Riders)
		bind(riders, c.ID, next.Epoch)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		if taken != nil {
			t.spend(taken)
		}
		t.change(a, next, c)
		s.suspend(c.Owns, c.Disabled)
		t.write(riders)
		out = copyUser(next)
		return nil
	})
	return out, err
}

// changed returns the user as the change leaves it.
func changed(u authkit.User, c authkit.UserChange) authkit.User {
	set(&u.Email, c.Email)
	set(&u.EmailTyped, c.EmailTyped)
	set(&u.Name, c.Name)
	set(&u.NameKey, c.NameKey)
	set(&u.DisabledReason, c.DisabledReason)
	set(&u.Verified, c.Verified)
	set(&u.Disabled, c.Disabled)
	set(&u.ExternalID, c.ExternalID)
	if c.Roles != nil {
		u.Roles = slices.Clone(*c.Roles)
	}
	set(&u.Factors, c.Factors)
	if c.Metadata != nil {
		u.Metadata = bytes.Clone(c.Metadata)
	}
	if c.PrivateMetadata != nil {
		u.PrivateMetadata = bytes.Clone(c.PrivateMetadata)
	}
	if c.Raises() {
		u.Version++
	}
	if c.End {
		u.Epoch++
	}
	if c.Session != nil {
		u.LastLogin, u.AuthMethod = micro(c.Now), c.AuthMethod
	}
	return u
}

// checkChange checks every guard after the version and finds the token to spend.
func (t *tenant) checkChange(was, next authkit.User, c authkit.UserChange) (*token, error) {
	if holder, ok := t.emails[next.Email]; ok && holder != c.ID {
		return nil, authkit.ErrConflict
	}
	if holder, ok := t.external[next.ExternalID]; ok && holder != c.ID {
		return nil, authkit.ErrConflict
	}
	var taken *token
	if c.Take != nil {
		x, ok := t.find(*c.Take, c.Now)
		if !ok || x.UserID != uuid.Nil && (x.UserID != c.ID || x.Epoch != was.Epoch) {
			return nil, authkit.ErrNotFound
		}
		taken = x
	}
	for _, p := range c.Put {
		if holder, ok := t.subjects[subjectOf(p)]; ok && holder != c.ID {
			return nil, authkit.ErrConflict
		}
	}
	if err := t.checkSession(c.Session); err != nil {
		return nil, err
	}
	if c.Prove != nil && !t.proves(next, c) {
		return nil, authkit.ErrStale
	}
	return taken, nil
}

func (t *tenant) change(a *account, next authkit.User, c authkit.UserChange) {
	delete(t.emails, a.user.Email)
	t.emails[next.Email] = c.ID
	delete(t.external, a.user.ExternalID)
	if next.ExternalID != "" {
		t.external[next.ExternalID] = c.ID
	}
	a.user = next
	t.dropCredentials(a, func(x authkit.Credential) bool {
		return c.DropCredentials || slices.ContainsFunc(c.Drop, func(d authkit.Credential) bool { return subjectOf(d) == subjectOf(x) })
	})
	for _, p := range c.Put {
		t.putCredential(a, p)
	}
	if kept, ok := t.sessions[c.Keep]; ok && c.End && kept.UserID == c.ID && kept.Epoch == next.Epoch-1 {
		kept.Epoch = next.Epoch
	}
	if c.DropMFA {
		for id := range t.ofUser[c.ID] {
			t.sessions[id].MFAAt = time.Time{}
		}
	}
	if c.Session != nil {
		t.startSession(next, *c.Session)
		t.endOldest(next, c.Session.ID, micro(c.Now), c.MaxSessions)
	}
	if p := c.Prove; p != nil {
		x := t.sessions[p.ID]
		x.AMR, x.AuthTime, x.MFAAt = slices.Clone(p.AMR), micro(p.AuthTime), micro(p.MFAAt)
	}
}

// proves reports whether the session that a change proves is alive after the change.
func (t *tenant) proves(next authkit.User, c authkit.UserChange) bool {
	now := micro(c.Now)
	lives := func(x *session) bool {
		kept := x.Epoch == next.Epoch || c.End && x.ID == c.Keep && x.Epoch == next.Epoch-1
		return kept && x.ended.IsZero() && x.IdleUntil.After(now) && x.Until.After(now) && !next.Disabled
	}
	if c.Session != nil && c.Session.ID == c.Prove.ID { // it starts with this step
		started := copySession(*c.Session)
		started.Epoch = next.Epoch
		return lives(&session{Session: started})
	}
	x, ok := t.sessions[c.Prove.ID]
	if !ok || x.UserID != c.ID || !lives(x) {
		return false
	}
	if c.Session == nil || c.MaxSessions <= 0 {
		return true
	}
	newer := 0
	for id := range t.ofUser[c.ID] {
		if y := t.sessions[id]; lives(y) && sessionAge(y.Session).compare(sessionAge(x.Session)) > 0 {
			newer++
		}
	}
	return newer < c.MaxSessions-1
}
