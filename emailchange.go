package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/magiclink"
)

// undoKind is a credential, not a token: it has to outlive every session, and whatever
// password or second address a thief may set meanwhile.
const undoKind = "undo"

// forUndo is the link that takes a change of address back.
var forUndo = purpose{key: "undo link", page: "/auth/email/undo/", ttl: 72 * time.Hour}

// EmailChange is asked for by a user who is signed in.
type EmailChange struct {
	App, User uuid.UUID
	NewEmail  string
	Browser   []byte // the secret in the asker's binding cookie, if there is one
	Client    Client
}

// ChangeEmail mails a link and a code to the new address; the newest counts, until the
// user's address or password changes. The answer and its time are the same whether the
// address is free or not: its holder gets the mail, and can do nothing with it.
// [CodeInvalidRequest]: it is no address, or the user's own; [CodeUserNotFound].
func (e *Engine) ChangeEmail(ctx context.Context, in EmailChange) (Pending, error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return Pending{}, err
	}
	account, err := e.account(ctx, app.ID, AccountKey{ID: in.User})
	if err != nil {
		return Pending{}, err
	}
	if account == nil {
		return Pending{}, noUser()
	}
	u := account.User
	email, err := checkEmailMember("new_email", in.NewEmail)
	if err != nil {
		return Pending{}, err
	}
	if email == u.Email {
		return Pending{}, invalid("new_email", "unchanged", "new_email is the user's address already")
	}
	data := attempt{Email: email, Typed: in.NewEmail, Was: u.Email, Class: sessions, Bare: flagged(account.password() == "")}
	return e.ask(ctx, app, forChange, in.Browser, data, &u, in.Client, Event{UserID: u.ID, Type: EventEmailChange})
}

// EmailConfirm redeems the proof of a new address by the account that asked.
type EmailConfirm struct {
	App, User uuid.UUID
	Token     string // of the link
	Code      string
	Binding   string // wanted with Code, checked with Token when given
	Browser   []byte // the secret in the binding cookie, where the link's page is pressed: a second press changes nothing
	Client    Client
}

// ConfirmEmail spends the proof and gives the user the new address, which is proven with
// it. The old one, if it was proven, gets a notice with a link that takes the change back
// for 72 hours. [CodeInvalidToken]: spent, expired, malformed, another account's, or older
// than another change of address or password; [CodeEmailTaken]: another user has the
// address, and nothing is spent.
func (e *Engine) ConfirmEmail(ctx context.Context, in EmailConfirm) (User, error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return User{}, err
	}
	p := pressOf(app.ID, in.Browser, "confirm", in.User.String(), in.Token)
	ctx, cancel := p.outlive(ctx)
	defer cancel()
	u, err := e.confirm(ctx, app, in, e.remember(p, nil))
	if err == nil {
		return u, nil
	}
	if err := e.doneBefore(ctx, p, err); err != nil {
		return User{}, err
	}
	return e.User(ctx, app.ID, in.User)
}

func (e *Engine) confirm(ctx context.Context, app App, in EmailConfirm, then rider) (User, error) {
	got, err := e.find(ctx, app.ID, forChange, proof{token: in.Token, code: in.Code, binding: in.Binding})
	if err != nil {
		return User{}, err
	}
	if got.user != in.User {
		return User{}, invalidToken("the proof is another user's")
	}
	return again(func() (User, error) {
		account, err := e.account(ctx, app.ID, AccountKey{ID: in.User})
		if err != nil {
			return User{}, err
		}
		if account == nil || account.User.Email != got.data.Was || got.outdated(account) {
			return User{}, invalidToken("the address, the password or the sessions changed since the proof was mailed")
		}
		c, err := e.moving(app, account, got, in.Client)
		if err != nil {
			return User{}, err
		}
		u, err := e.amendWith(ctx, c, then)
		if errors.Is(err, ErrConflict) {
			return User{}, refuse(CodeEmailTaken, "this app has a user of that address")
		}
		return u, err
	})
}

// moving is the step by which a user moves to a proven address.
func (e *Engine) moving(app App, account *Account, got found, by Client) (UserChange, error) {
	u := account.User
	c := UserChange{
		Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version, Take: &got.take,
		Email: &got.data.Email, EmailTyped: &got.data.Typed, Verified: new(true),
	}
	if err := e.note(&c.Also, c.Now, Event{App: app.ID, UserID: u.ID, Type: EventEmailConfirm, IP: by.IP}); err != nil {
		return c, err
	}
	if !u.Verified {
		return c, nil
	}
	// Only the address before the first of several changes can be brought back: the ones
	// between may be a thief's, who would take the owner's undo back, in turn.
	link := ""
	if e.undoable(account, c.Now) == nil {
		for _, old := range account.Credentials {
			if old.Kind == undoKind {
				c.Drop = append(c.Drop, old)
			}
		}
		undo, to, err := e.newUndo(app.ID, u, c.Now)
		if err != nil {
			return c, err
		}
		c.Put, link = []Credential{undo}, to
	}
	l := letter{To: u.EmailTyped, Template: "email_changed", App: app.Name, Link: link, Minutes: int(forUndo.ttl / time.Minute)}
	return c, e.queue(&c.Also, app.ID, l, c.Now, c.Now.Add(forUndo.ttl))
}

// formerAddress is what an undo brings back.
type formerAddress struct {
	Email string    `json:"email"`
	Typed string    `json:"typed"`
	Left  time.Time `json:"left"`
}

func undoAAD(app uuid.UUID, subject string) []byte { return seal.AAD("undo", app.String(), subject) }

func (e *Engine) newUndo(app uuid.UUID, u User, now time.Time) (Credential, string, error) {
	id, err := e.random(idSize)
	if err != nil {
		return Credential{}, "", unavailable(err)
	}
	link, err := e.mint(app, forUndo, id, now.Add(forUndo.ttl))
	if err != nil {
		return Credential{}, "", err
	}
	plain, err := json.Marshal(formerAddress{u.Email, u.EmailTyped, now})
	if err != nil {
		return Credential{}, "", &Error{Code: CodeInternal, Detail: "the former address cannot be kept", Err: err}
	}
	subject := token.Encode(token.Hash(id))
	return Credential{
		App: app, UserID: u.ID, Kind: undoKind, Subject: subject, Data: e.ring.Seal(plain, undoAAD(app, subject)), CreatedAt: now,
	}, link, nil
}

// undoable is the live undo of an account; nil: there is none.
func (e *Engine) undoable(account *Account, now time.Time) *Credential {
	i := slices.IndexFunc(account.Credentials, func(c Credential) bool {
		return c.Kind == undoKind && now.Before(c.CreatedAt.Add(forUndo.ttl))
	})
	if i < 0 {
		return nil
	}
	return &account.Credentials[i]
}

// EmailUndo takes a change of address back.
type EmailUndo struct {
	App     uuid.UUID
	Token   string
	Browser []byte // as EmailConfirm.Browser
	Client  Client
}

// UndoEmail gives the user the former address again, ends every session and every proof,
// takes away the password and each identity that was linked since, or in the 72 hours
// before, and mails a link by which a password can be set. It works once, whatever was
// changed since. Who took the address since and never proved it is deleted.
// [CodeInvalidToken]; [CodeEmailTaken]: another user has proven the address meanwhile.
func (e *Engine) UndoEmail(ctx context.Context, in EmailUndo) error {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return err
	}
	p := pressOf(app.ID, in.Browser, "undo", in.Token)
	ctx, cancel := p.outlive(ctx)
	defer cancel()
	_, err = again(func() (User, error) { return e.undo(ctx, app, in, e.remember(p, nil)) })
	if err == nil {
		return nil
	}
	return e.doneBefore(ctx, p, err)
}

func (e *Engine) undo(ctx context.Context, app App, in EmailUndo, then rider) (User, error) {
	account, former, err := e.findUndo(ctx, app.ID, in.Token)
	if err != nil {
		return User{}, err
	}
	c, err := e.undoing(app, account, former, in.Client)
	if err != nil {
		return User{}, err
	}
	u, err := e.amendWith(ctx, c, then)
	if errors.Is(err, ErrConflict) {
		err = e.makeRoom(ctx, app.ID, former)
	}
	return u, err
}

// makeRoom removes a user who took the former address since and never proved it: else
// whoever moved the account away could keep its owner out by a sign-up. The link is a proof
// of the address, before which such a user keeps nothing anyway.
func (e *Engine) makeRoom(ctx context.Context, app uuid.UUID, former formerAddress) error {
	holder, err := e.account(ctx, app, AccountKey{Email: former.Email})
	switch {
	case err != nil:
		return err
	case holder == nil:
		return errAgain
	case holder.User.Verified || holder.User.CreatedAt.Before(former.Left):
		return refuse(CodeEmailTaken, "another user of this app has that address")
	}
	// Guarded, so that a proof beside it is seen.
	err = e.deleteUser(ctx, holder.User, holder.User.Version)
	if err == nil || errors.Is(err, ErrStale) || errors.Is(err, CodeUserNotFound) {
		return errAgain
	}
	return err
}

// findUndo looks at an undo without effect.
func (e *Engine) findUndo(ctx context.Context, app uuid.UUID, raw string) (*Account, formerAddress, error) {
	claims, err := magiclink.Parse(e.ring.Keys(forUndo.key), raw, app, e.now())
	if err != nil {
		return nil, formerAddress{}, invalidToken("the undo link is malformed, expired or of another app").because(err)
	}
	subject := token.Encode(token.Hash(claims.ID))
	account, err := e.account(ctx, app, AccountKey{Kind: undoKind, Subject: subject})
	if err != nil {
		return nil, formerAddress{}, err
	}
	if account == nil {
		return nil, formerAddress{}, invalidToken("no account keeps this undo")
	}
	undo := e.undoable(account, e.now())
	if undo == nil || undo.Subject != subject {
		return nil, formerAddress{}, invalidToken("the account keeps a later undo, or this one has expired")
	}
	var former formerAddress
	plain, err := e.ring.Open(undo.Data, undoAAD(app, subject))
	if err != nil || json.Unmarshal(plain, &former) != nil {
		return nil, formerAddress{}, invalidToken("the undo's data cannot be opened")
	}
	return account, former, nil
}

func (e *Engine) undoing(app App, account *Account, former formerAddress, by Client) (UserChange, error) {
	u := account.User
	c := UserChange{
		Now: e.now(), App: app.ID, ID: u.ID, Version: u.Version, End: true,
		Email: &former.Email, EmailTyped: &former.Typed, Verified: new(true),
	}
	for _, held := range account.Credentials {
		if held.Kind == undoKind || held.Kind == passwordKind || !held.CreatedAt.Before(former.Left.Add(-forUndo.ttl)) {
			c.Drop = append(c.Drop, held)
		}
	}
	if err := e.note(&c.Also, c.Now, Event{App: app.ID, UserID: u.ID, Type: EventEmailUndo, IP: by.IP}); err != nil {
		return c, err
	}
	secrets, err := e.newAttempt(app.ID, nil)
	if err != nil {
		return c, err
	}
	return c, e.addProof(&c.Also, app, forReset, secrets, attempt{Email: former.Email, Typed: former.Typed, Class: sessions, Bare: flagged(true)}, &u, c.Now)
}
