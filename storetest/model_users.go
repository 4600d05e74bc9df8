package storetest

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// holdsEmail reports whether a user other than one has the email.
func (a *modelApp) holdsEmail(email string, but uuid.UUID) bool {
	for id, u := range a.users {
		if u.Email == email && id != but {
			return true
		}
	}
	return false
}

// holdsExternal reports whether a user other than one has the external id.
func (a *modelApp) holdsExternal(external string, but uuid.UUID) bool {
	for id, u := range a.users {
		if external != "" && u.ExternalID == external && id != but {
			return true
		}
	}
	return false
}

func (a *modelApp) putCredential(user uuid.UUID, c authkit.Credential, g *against) {
	at := modelSubject{c.Kind, c.Subject}
	old, held := a.subjects[at]
	g.when(held && old.UserID != user, authkit.ErrConflict)
	c.App, c.UserID = a.app.ID, user
	if held {
		c.CreatedAt = old.CreatedAt
	}
	a.subjects[at] = c
}

func (a *modelApp) startSession(u authkit.User, s authkit.Session) {
	s.App, s.UserID, s.Epoch = a.app.ID, u.ID, u.Epoch
	a.sessions[s.ID] = modelSession{Session: s}
}

// bind sets the user's Epoch in riders that are bound to the user.
func bind(riders authkit.Riders, u authkit.User) authkit.Riders {
	riders.Tokens = slices.Clone(riders.Tokens)
	for i := range riders.Tokens {
		if riders.Tokens[i].UserID == u.ID {
			riders.Tokens[i].Epoch = u.Epoch
		}
	}
	return riders
}

func (m model) createUser(c authkit.NewUser) (authkit.User, against) {
	u := c.User
	u.Version, u.Epoch, u.LastLogin = 1, 1, time.Time{}
	if c.Session != nil {
		u.LastLogin = c.Now
	}
	return u, m.step(u.App, bind(c.Riders, u), func(a *modelApp, g *against) {
		_, taken := a.users[u.ID]
		g.when(taken || a.holdsEmail(u.Email, uuid.Nil) || a.holdsExternal(u.ExternalID, uuid.Nil), authkit.ErrConflict)
		if c.Take != nil {
			t, ok := a.spendable(*c.Take, c.Now)
			g.when(!ok || t.UserID != uuid.Nil, authkit.ErrNotFound)
			a.spend(t)
		}
		a.users[u.ID] = u
		for _, cr := range c.Credentials {
			_, held := a.subjects[modelSubject{cr.Kind, cr.Subject}]
			g.when(held, authkit.ErrConflict)
			a.putCredential(u.ID, cr, g)
		}
		if c.Session != nil {
			a.startSession(u, *c.Session)
		}
	})
}

func (m model) changeUser(c authkit.UserChange) (authkit.User, against) {
	was := m[c.App].users[c.ID]
	u := was
	changeFields(&u, c)
	return u, m.step(c.App, bind(c.Riders, u), func(a *modelApp, g *against) {
		g.when(was.Version == 0 || c.Version != 0 && c.Version != was.Version, authkit.ErrStale)
		g.when(c.Session != nil && u.Disabled, authkit.ErrStale)
		g.when(a.holdsEmail(u.Email, u.ID) || a.holdsExternal(u.ExternalID, u.ID), authkit.ErrConflict)
		if c.Take != nil {
			t, ok := a.spendable(*c.Take, c.Now)
			mine := t.UserID == c.ID && t.Epoch == was.Epoch
			g.when(!ok || t.UserID != uuid.Nil && !mine, authkit.ErrNotFound)
			a.spend(t)
		}
		a.users[u.ID] = u
		a.changeCredentials(c, g)
		if kept, ok := a.sessions[c.Keep]; ok && c.End && kept.UserID == u.ID && kept.Epoch == was.Epoch {
			kept.Epoch = u.Epoch
			a.sessions[c.Keep] = kept
		}
		if c.DropMFA {
			for id, s := range a.sessions {
				if s.UserID == u.ID {
					s.MFAAt = time.Time{}
					a.sessions[id] = s
				}
			}
		}
		if c.Session != nil {
			a.startSession(u, *c.Session)
			a.endOldest(u, c)
		}
		a.prove(u, c, g)
	})
}

func (a *modelApp) prove(u authkit.User, c authkit.UserChange, g *against) {
	if c.Prove == nil {
		return
	}
	s, ok := a.sessions[c.Prove.ID]
	g.when(!ok || s.UserID != u.ID || !a.alive(s, c.Now), authkit.ErrStale)
	s.AMR, s.AuthTime, s.MFAAt = c.Prove.AMR, c.Prove.AuthTime, c.Prove.MFAAt
	a.sessions[c.Prove.ID] = s
}

func changeFields(u *authkit.User, c authkit.UserChange) {
	for field, value := range map[*string]*string{
		&u.Email: c.Email, &u.EmailTyped: c.EmailTyped, &u.Name: c.Name, &u.NameKey: c.NameKey, &u.DisabledReason: c.DisabledReason,
		&u.ExternalID: c.ExternalID,
	} {
		if value != nil {
			*field = *value
		}
	}
	for field, value := range map[*bool]*bool{&u.Verified: c.Verified, &u.Disabled: c.Disabled} {
		if value != nil {
			*field = *value
		}
	}
	if c.Roles != nil {
		u.Roles = *c.Roles
	}
	if c.Factors != nil {
		u.Factors = *c.Factors
	}
	for field, value := range map[*[]byte][]byte{&u.Metadata: c.Metadata, &u.PrivateMetadata: c.PrivateMetadata} {
		if value != nil {
			*field = value
		}
	}
	if c.Raises() {
		u.Version++
	}
	if c.End {
		u.Epoch++
	}
	if c.Session != nil {
		u.LastLogin, u.AuthMethod = c.Now, c.AuthMethod
	}
}

func (a *modelApp) changeCredentials(c authkit.UserChange, g *against) {
	drop := func(at modelSubject) {
		if a.subjects[at].UserID == c.ID {
			delete(a.subjects, at)
		}
	}
	for at := range a.subjects {
		if c.DropCredentials {
			drop(at)
		}
	}
	for _, d := range c.Drop {
		drop(modelSubject{d.Kind, d.Subject})
	}
	for _, p := range c.Put {
		a.putCredential(c.ID, p, g)
	}
}

func (a *modelApp) endOldest(u authkit.User, c authkit.UserChange) {
	live := a.liveSessions(u.ID, c.Now)
	if c.MaxSessions <= 0 {
		return
	}
	for _, s := range live[min(c.MaxSessions, len(live)):] {
		x := a.sessions[s.ID]
		x.ended = true
		a.sessions[s.ID] = x
	}
}

func (m model) deleteUser(app, user uuid.UUID, version int64, riders authkit.Riders) against {
	return m.step(app, riders, func(a *modelApp, g *against) {
		u, ok := a.users[user]
		g.when(!ok, authkit.ErrNotFound)
		g.when(ok && version != 0 && version != u.Version, authkit.ErrStale)
		delete(a.users, user)
		for at, c := range a.subjects {
			if c.UserID == user {
				delete(a.subjects, at)
			}
		}
		for id, s := range a.sessions {
			if s.UserID == user {
				delete(a.sessions, id)
			}
		}
		for id, t := range a.tokens {
			if t.UserID == user {
				delete(a.tokens, id)
			}
		}
	})
}

func (a *modelApp) account(by authkit.AccountKey) (authkit.Account, bool) {
	var out authkit.Account
	found := false
	for _, u := range a.users {
		c, ok := a.subjects[modelSubject{by.Kind, by.Subject}]
		if u.ID == by.ID || by.Email != "" && u.Email == by.Email || by.ExternalID != "" && u.ExternalID == by.ExternalID || ok && c.UserID == u.ID {
			out.User, found = u, true
		}
	}
	for _, c := range a.subjects {
		if c.UserID == out.User.ID {
			out.Credentials = append(out.Credentials, c)
		}
	}
	slices.SortFunc(out.Credentials, func(x, y authkit.Credential) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Subject, y.Subject))
	})
	return out, found
}

func (a *modelApp) list(q authkit.UserQuery) []authkit.User {
	var list []authkit.User
	for _, u := range a.users {
		email := q.EmailPrefix != "" && strings.HasPrefix(u.Email, q.EmailPrefix)
		name := q.NamePrefix != "" && strings.HasPrefix(u.NameKey, q.NamePrefix)
		free := q.EmailPrefix == "" && q.NamePrefix == ""
		own := (q.ExternalID == "" || u.ExternalID == q.ExternalID) && (q.Role == "" || slices.Contains(u.Roles, q.Role))
		if own && (q.Email == "" || u.Email == q.Email) && (q.AuthMethod == "" || u.AuthMethod == q.AuthMethod) && (email || name || free) {
			list = append(list, u)
		}
	}
	return page(list, q.Page, func(u authkit.User) (time.Time, uuid.UUID) { return u.CreatedAt, u.ID })
}

func (a *modelApp) alive(s modelSession, now time.Time) bool {
	u, ok := a.users[s.UserID]
	return ok && !u.Disabled && !s.ended && s.Epoch == u.Epoch && now.Before(s.IdleUntil) && now.Before(s.Until)
}

func (a *modelApp) liveSessions(user uuid.UUID, now time.Time) []authkit.Session {
	var list []authkit.Session
	for _, s := range a.sessions {
		if s.UserID == user && a.alive(s, now) {
			list = append(list, s.Session)
		}
	}
	return page(list, authkit.Page{Limit: math.MaxInt}, func(s authkit.Session) (time.Time, uuid.UUID) { return s.CreatedAt, s.ID })
}

func (m model) endSession(e authkit.SessionEnd) against {
	return m.step(e.App, e.Riders, func(a *modelApp, g *against) {
		s, ok := a.sessions[e.ID]
		over := !s.IdleUntil.After(e.Now) || !s.Until.After(e.Now)
		g.when(!ok || s.UserID != e.User || s.ended || over, authkit.ErrNotFound)
		s.ended = true
		a.sessions[e.ID] = s
	})
}
