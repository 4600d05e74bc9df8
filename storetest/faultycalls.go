package storetest

import (
	"context"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/google/uuid"
)

// CreateApp passes the call on, unless it is to fail.
func (f *Faulty) CreateApp(ctx context.Context, n authkit.NewApp) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.CreateApp(ctx, n)
}

// MoveApp passes the call on, unless it is to fail.
func (f *Faulty) MoveApp(ctx context.Context, m authkit.AppMove) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.MoveApp(ctx, m)
}

// ConfirmDeletion passes the call on, unless it is to fail.
func (f *Faulty) ConfirmDeletion(ctx context.Context, app uuid.UUID, developer string) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.ConfirmDeletion(ctx, app, developer)
}

// App passes the call on, unless it is to fail.
func (f *Faulty) App(ctx context.Context, app uuid.UUID) (r0 authkit.App, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.App(ctx, app)
}

// Apps passes the call on, unless it is to fail.
func (f *Faulty) Apps(ctx context.Context, developer string, p authkit.Page) (r0 []authkit.App, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Apps(ctx, developer, p)
}

// ChangeApp passes the call on, unless it is to fail.
func (f *Faulty) ChangeApp(ctx context.Context, c authkit.AppChange) (r0 authkit.App, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.ChangeApp(ctx, c)
}

// DeleteApp passes the call on, unless it is to fail.
func (f *Faulty) DeleteApp(ctx context.Context, app uuid.UUID, now time.Time, also authkit.Also) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.DeleteApp(ctx, app, now, also)
}

// AddSigningKey passes the call on, unless it is to fail.
func (f *Faulty) AddSigningKey(ctx context.Context, app uuid.UUID, k authkit.SigningKey, oldest int64, also authkit.Also) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.AddSigningKey(ctx, app, k, oldest, also)
}

// APIKey passes the call on, unless it is to fail.
func (f *Faulty) APIKey(ctx context.Context, app uuid.UUID, hash []byte, now time.Time) (r0 authkit.APIKey, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.APIKey(ctx, app, hash, now)
}

// APIKeys passes the call on, unless it is to fail.
func (f *Faulty) APIKeys(ctx context.Context, app uuid.UUID) (r0 []authkit.APIKey, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.APIKeys(ctx, app)
}

// RotateAPIKey passes the call on, unless it is to fail.
func (f *Faulty) RotateAPIKey(ctx context.Context, r authkit.KeyRotation) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.RotateAPIKey(ctx, r)
}

// RevokeAPIKey passes the call on, unless it is to fail.
func (f *Faulty) RevokeAPIKey(ctx context.Context, app, id uuid.UUID, also authkit.Also) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.RevokeAPIKey(ctx, app, id, also)
}

// TouchAPIKeys passes the call on, unless it is to fail.
func (f *Faulty) TouchAPIKeys(ctx context.Context, app uuid.UUID, used map[uuid.UUID]time.Time) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.TouchAPIKeys(ctx, app, used)
}

// PutOAuthConfig passes the call on, unless it is to fail.
func (f *Faulty) PutOAuthConfig(ctx context.Context, c authkit.OAuthConfig, most int, also authkit.Also) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.PutOAuthConfig(ctx, c, most, also)
}

// OAuthConfig passes the call on, unless it is to fail.
func (f *Faulty) OAuthConfig(ctx context.Context, app uuid.UUID, provider string) (r0 authkit.OAuthConfig, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.OAuthConfig(ctx, app, provider)
}

// OAuthConfigs passes the call on, unless it is to fail.
func (f *Faulty) OAuthConfigs(ctx context.Context, app uuid.UUID) (r0 []authkit.OAuthConfig, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.OAuthConfigs(ctx, app)
}

// DeleteOAuthConfig passes the call on, unless it is to fail.
func (f *Faulty) DeleteOAuthConfig(ctx context.Context, app uuid.UUID, provider string, also authkit.Also) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.DeleteOAuthConfig(ctx, app, provider, also)
}

// Account passes the call on, unless it is to fail.
func (f *Faulty) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (r0 authkit.Account, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Account(ctx, app, by)
}

// Users passes the call on, unless it is to fail.
func (f *Faulty) Users(ctx context.Context, app uuid.UUID, q authkit.UserQuery) (r0 []authkit.User, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Users(ctx, app, q)
}

// CreateUser passes the call on, unless it is to fail.
func (f *Faulty) CreateUser(ctx context.Context, c authkit.NewUser) (r0 authkit.User, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.CreateUser(ctx, c)
}

// ChangeUser passes the call on, unless it is to fail.
func (f *Faulty) ChangeUser(ctx context.Context, c authkit.UserChange) (r0 authkit.User, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.ChangeUser(ctx, c)
}

// DeleteUser passes the call on, unless it is to fail.
func (f *Faulty) DeleteUser(ctx context.Context, r authkit.UserRemoval) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.DeleteUser(ctx, r)
}

// Put passes the call on, unless it is to fail.
func (f *Faulty) Put(ctx context.Context, app uuid.UUID, also authkit.Also) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.Put(ctx, app, also)
}

// Token passes the call on, unless it is to fail.
func (f *Faulty) Token(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (r0 authkit.Token, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Token(ctx, app, t, now)
}

// TryToken passes the call on, unless it is to fail.
func (f *Faulty) TryToken(ctx context.Context, app uuid.UUID, t authkit.Try, now time.Time) (r0 authkit.Token, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.TryToken(ctx, app, t, now)
}

// BindToken passes the call on, unless it is to fail.
func (f *Faulty) BindToken(ctx context.Context, app uuid.UUID, t authkit.Token, now time.Time) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.BindToken(ctx, app, t, now)
}

// TakeToken passes the call on, unless it is to fail.
func (f *Faulty) TakeToken(ctx context.Context, app uuid.UUID, t authkit.Take, now time.Time) (r0 authkit.Token, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.TakeToken(ctx, app, t, now)
}

// Session passes the call on, unless it is to fail.
func (f *Faulty) Session(ctx context.Context, app, id uuid.UUID, now time.Time) (r0 authkit.Session, r1 authkit.User, err error) {
	if err := f.next(); err != nil {
		return r0, r1, err
	}
	return f.s.Session(ctx, app, id, now)
}

// SessionByCookie passes the call on, unless it is to fail.
func (f *Faulty) SessionByCookie(ctx context.Context, app uuid.UUID, cookie []byte, now time.Time) (r0 authkit.Session, r1 authkit.User, err error) {
	if err := f.next(); err != nil {
		return r0, r1, err
	}
	return f.s.SessionByCookie(ctx, app, cookie, now)
}

// UseSession passes the call on, unless it is to fail.
func (f *Faulty) UseSession(ctx context.Context, app, id uuid.UUID, now, idleUntil time.Time) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.UseSession(ctx, app, id, now, idleUntil)
}

// Sessions passes the call on, unless it is to fail.
func (f *Faulty) Sessions(ctx context.Context, app, user uuid.UUID, now time.Time) (r0 []authkit.Session, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Sessions(ctx, app, user, now)
}

// RotateSession passes the call on, unless it is to fail.
func (f *Faulty) RotateSession(ctx context.Context, r authkit.Rotation) (r0 authkit.Rotated, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.RotateSession(ctx, r)
}

// EndSession passes the call on, unless it is to fail.
func (f *Faulty) EndSession(ctx context.Context, e authkit.SessionEnd) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.EndSession(ctx, e)
}

// Hit passes the call on, unless it is to fail.
func (f *Faulty) Hit(ctx context.Context, app uuid.UUID, hits []authkit.Hit, now time.Time) (r0 authkit.HitResult, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Hit(ctx, app, hits, now)
}

// DueMail passes the call on, unless it is to fail.
func (f *Faulty) DueMail(ctx context.Context, now time.Time, after uuid.UUID, max int) (r0 []authkit.MailRef, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.DueMail(ctx, now, after, max)
}

// ClaimMail passes the call on, unless it is to fail.
func (f *Faulty) ClaimMail(ctx context.Context, app, id uuid.UUID, now, until time.Time) (r0 authkit.Mail, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.ClaimMail(ctx, app, id, now, until)
}

// SettleMail passes the call on, unless it is to fail.
func (f *Faulty) SettleMail(ctx context.Context, app, id uuid.UUID, done bool, next time.Time) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.SettleMail(ctx, app, id, done, next)
}

// Events passes the call on, unless it is to fail.
func (f *Faulty) Events(ctx context.Context, app uuid.UUID, q authkit.EventQuery) (r0 []authkit.Event, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Events(ctx, app, q)
}

// NoteSecret passes the call on, unless it is to fail.
func (f *Faulty) NoteSecret(ctx context.Context, id string, known []string) (r0 []authkit.SecretNote, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.NoteSecret(ctx, id, known)
}

// Secrets passes the call on, unless it is to fail.
func (f *Faulty) Secrets(ctx context.Context) (r0 []authkit.SecretNote, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Secrets(ctx)
}

// RetireSecret passes the call on, unless it is to fail.
func (f *Faulty) RetireSecret(ctx context.Context, id string) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.RetireSecret(ctx, id)
}

// ForgetSecret passes the call on, unless it is to fail.
func (f *Faulty) ForgetSecret(ctx context.Context, id string) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.ForgetSecret(ctx, id)
}

// Sealed passes the call on, unless it is to fail.
func (f *Faulty) Sealed(ctx context.Context, q authkit.SealedQuery) (r0 []authkit.Sealed, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Sealed(ctx, q)
}

// Reseal passes the call on, unless it is to fail.
func (f *Faulty) Reseal(ctx context.Context, app uuid.UUID, s authkit.Sealed, next []byte, by string) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.s.Reseal(ctx, app, s, next, by)
}

// SealedHeads passes the call on, unless it is to fail.
func (f *Faulty) SealedHeads(ctx context.Context, now, since time.Time) (r0 [][]byte, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.SealedHeads(ctx, now, since)
}

// Sweep passes the call on, unless it is to fail.
func (f *Faulty) Sweep(ctx context.Context, now, events time.Time, max int) (r0 bool, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Sweep(ctx, now, events, max)
}

// Ping passes the call on, unless it is to fail.
func (f *Faulty) Ping(ctx context.Context) (r0 time.Time, err error) {
	if err := f.next(); err != nil {
		return r0, err
	}
	return f.s.Ping(ctx)
}
