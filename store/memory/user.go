package memory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type (
	subject struct{ kind, name string }

	account struct {
		user  authkit.User
		creds []authkit.Credential // by kind and subject
	}
)

func ageOf(a age) age { return a }

func subjectOf(c authkit.Credential) subject { return subject{c.Kind, c.Subject} }

// putCredential adds a credential, or replaces the Data of the one that is there.
func (t *tenant) putCredential(a *account, c authkit.Credential) {
	c = copyCredential(c)
	c.App, c.UserID = a.user.App, a.user.ID
	n, found := slices.BinarySearchFunc(a.creds, c, func(x, y authkit.Credential) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Subject, y.Subject))
	})
	if found {
		a.creds[n].Data = c.Data
		return
	}
	a.creds = slices.Insert(a.creds, n, c)
	t.subjects[subjectOf(c)] = a.user.ID
}

func (t *tenant) dropCredentials(a *account, which func(authkit.Credential) bool) {
	a.creds = slices.DeleteFunc(a.creds, func(c authkit.Credential) bool {
		if !which(c) {
			return false
		}
		delete(t.subjects, subjectOf(c))
		return true
	})
}

// Account implements [authkit.UserStore].
func (s *Store) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	var out authkit.Account
	err := s.guarded(ctx, app, by.AppVersion, func(t *tenant) error {
		id, ok := by.ID, true
		switch {
		case id != uuid.Nil:
		case by.Email != "":
			id, ok = t.emails[by.Email]
		case by.ExternalID != "":
			id, ok = t.external[by.ExternalID]
		default:
			id, ok = t.subjects[subject{by.Kind, by.Subject}]
		}
		a := t.users[id]
		if !ok || a == nil {
			return authkit.ErrNotFound
		}
		out = a.copy()
		return nil
	})
	return out, err
}

// Accounts implements [authkit.UserStore].
func (s *Store) Accounts(ctx context.Context, asked []authkit.AccountRef) ([]authkit.AccountAnswer, error) {
	answers := make([]authkit.AccountAnswer, len(asked))
	for i, of := range asked {
		a, err := s.Account(ctx, of.App, of.AccountKey)
		if err != nil && !errors.Is(err, authkit.ErrNotFound) && !errors.Is(err, authkit.ErrAppChanged) {
			return nil, err
		}
		answers[i] = authkit.AccountAnswer{Account: a, Err: err}
	}
	return answers, nil
}

// copy returns the account; of nil, an empty one.
func (a *account) copy() (out authkit.Account) {
	if a == nil {
		return out
	}
	out.User = copyUser(a.user)
	for _, c := range a.creds {
		out.Credentials = append(out.Credentials, copyCredential(c))
	}
	return out
}

// Users implements [authkit.UserStore].
func (s *Store) Users(ctx context.Context, app uuid.UUID, q authkit.UserQuery) ([]authkit.User, error) {
	var out []authkit.User
	err := s.in(ctx, app, func(t *tenant) error {
		rows := t.byAge
		if q.Email != "" {
			rows = nil
			if a, ok := t.users[t.emails[q.Email]]; ok && a.user.Email == q.Email {
				rows = []age{{a.user.CreatedAt, a.user.ID}}
			}
		}
		out = newest(rows, q.Page, ageOf, func(r age) (authkit.User, bool) {
			u := t.users[r.id].user
			if !matches(u, q) {
				return u, false
			}
			return copyUser(u), true
		})
		return nil
	})
	return out, err
}

func matches(u authkit.User, q authkit.UserQuery) bool {
	email := q.EmailPrefix != "" && strings.HasPrefix(u.Email, q.EmailPrefix)
	name := q.NamePrefix != "" && strings.HasPrefix(u.NameKey, q.NamePrefix)
	return (q.AuthMethod == "" || u.AuthMethod == q.AuthMethod) &&
		(q.ExternalID == "" || u.ExternalID == q.ExternalID) &&
		(q.Role == "" || slices.Contains(u.Roles, q.Role)) &&
		(email || name || q.EmailPrefix == "" && q.NamePrefix == "")
}

// CreateUser implements [authkit.UserStore].
func (s *Store) CreateUser(ctx context.Context, c authkit.NewUser) (authkit.User, error) {
	var out authkit.User
	err := s.in(ctx, c.User.App, func(t *tenant) error {
		taken, err := t.checkNew(c)
		if err != nil {
			return err
		}
		riders := t.own(c.Riders)
		bind(riders, c.User.ID, 1)
		if err := t.check(riders, nil); err != nil {
			return err
		}
		out = t.addUser(c)
		if taken != nil {
			t.spend(taken)
		}
		t.write(riders)
		return nil
	})
	return out, err
}

// checkNew checks every guard but the riders' and finds the token to spend.
func (t *tenant) checkNew(c authkit.NewUser) (*token, error) {
	_, id := t.users[c.User.ID]
	_, email := t.emails[c.User.Email]
	_, external := t.external[c.User.ExternalID]
	if id || email || external {
		return nil, authkit.ErrConflict
	}
	var taken *token
	if c.Take != nil {
		x, ok := t.find(*c.Take, c.Now)
		if !ok || x.UserID != uuid.Nil {
			return nil, authkit.ErrNotFound
		}
		taken = x
	}
	seen := map[subject]struct{}{}
	for _, cr := range c.Credentials {
		_, held := t.subjects[subjectOf(cr)]
		_, twice := seen[subjectOf(cr)]
		if held || twice {
			return nil, authkit.ErrConflict
		}
		seen[subjectOf(cr)] = struct{}{}
	}
	return taken, t.checkSession(c.Session)
}

func (t *tenant) addUser(c authkit.NewUser) authkit.User {
	u := copyUser(c.User)
	u.Version, u.Epoch, u.CreatedAt, u.LastLogin = 1, 1, micro(u.CreatedAt), micro(c.Now)
	if c.Session == nil {
		u.LastLogin = authkit.User{}.LastLogin
	}
	a := &account{user: u}
	t.users[u.ID], t.emails[u.Email] = a, u.ID
	if u.ExternalID != "" {
		t.external[u.ExternalID] = u.ID
	}
	t.byAge = insert(t.byAge, age{u.CreatedAt, u.ID}, ageOf)
	for _, cr := range c.Credentials {
		t.putCredential(a, cr)
	}
	if c.Session != nil {
		t.startSession(u, *c.Session)
	}
	return copyUser(u)
}

// DeleteUser implements [authkit.UserStore].
func (s *Store) DeleteUser(ctx context.Context, r authkit.UserRemoval) error {
	return s.in(ctx, r.App, func(t *tenant) error {
		a, ok := t.users[r.ID]
		switch {
		case !ok:
			return authkit.ErrNotFound
		case r.Version != 0 && r.Version != a.user.Version:
			return authkit.ErrStale
		case len(s.owned(r.Owns)) > 0:
			return authkit.ErrConflict
		}
		riders := t.own(r.Riders)
		if err := t.check(riders, t.bound[r.ID]); err != nil {
			return err
		}
		t.dropUser(a)
		t.write(riders)
		return nil
	})
}

func (t *tenant) dropUser(a *account) {
	u := a.user
	t.dropCredentials(a, func(authkit.Credential) bool { return true })
	for id := range t.bound[u.ID] {
		t.dropToken(id)
	}
	for id := range t.ofUser[u.ID] {
		t.dropSession(id)
	}
	if n, found := slices.BinarySearchFunc(t.byAge, age{u.CreatedAt, u.ID}, age.compare); found {
		t.byAge = slices.Delete(t.byAge, n, n+1)
	}
	delete(t.emails, u.Email)
	delete(t.external, u.ExternalID)
	delete(t.users, u.ID)
}
