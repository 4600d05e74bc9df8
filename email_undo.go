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

// forUndo is the link that takes a change of address, or a new identity, back.
var forUndo = purpose{key: "undo link", page: "/auth/email/undo/", ttl: 72 * time.Hour}

// formerAddress is what an undo brings back: the address that the account had when it was
// made, and still has where only an identity was linked.
type formerAddress struct {
	Email string    `json:"email"`
	Typed string    `json:"typed"`
	Left  time.Time `json:"left"`
}

func undoAAD(app uuid.UUID, subject string) []byte { return seal.AAD("undo", app.String(), subject) }

func (e *Engine) newUndo(app uuid.UUID, u User, now time.Time) (Credential, string, error) {
	id := token.Random(idSize)
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

// maxUndos is how many undos an account keeps. All of them do the same.
const maxUndos = 8

// addUndo adds an undo to a change that a user of a proven address is told of, and answers its
// link. It is empty where an undo that lives would bring another address back: those between
// the first of several changes of address and now may be a thief's, who would take the owner's
// undo back, in turn. One too many takes the place of the oldest.
func (e *Engine) addUndo(c *UserChange, account *Account) (link string, err error) {
	var live []Credential
	for _, held := range account.Credentials {
		switch {
		case held.Kind != undoKind:
		case !undoable(held, c.Now):
			c.Drop = append(c.Drop, held)
		default:
			former, ok := e.openUndo(held)
			if !ok || former.Email != account.User.Email {
				return "", nil
			}
			live = append(live, held)
		}
	}
	if len(live) >= maxUndos {
		c.Drop = append(c.Drop, slices.MinFunc(live, func(a, b Credential) int { return a.CreatedAt.Compare(b.CreatedAt) }))
	}
	undo, link, err := e.newUndo(c.App, account.User, c.Now)
	if err != nil {
		return "", err
	}
	c.Put = append(c.Put, undo)
	return link, nil
}

// undoable reports whether an undo still works.
func undoable(undo Credential, now time.Time) bool {
	return now.Before(undo.CreatedAt.Add(forUndo.ttl))
}

func (e *Engine) openUndo(undo Credential) (former formerAddress, ok bool) {
	plain, err := e.ring.Open(undo.Data, undoAAD(undo.App, undo.Subject))
	return former, err == nil && json.Unmarshal(plain, &former) == nil
}

// EmailUndo takes a change of address back.
type EmailUndo struct {
	App     uuid.UUID
	Token   string
	Browser []byte // as EmailConfirm.Browser
	Client  Client
}

// UndoEmail takes back what a notice told of, a change of address or a new identity: it gives
// the user the former address again, ends every session and every proof,
// takes away the password and each identity that was linked since, or in the 72 hours
// before (never the one that made the account), and mails a link by which a password can be set. It works once, whatever was
// changed since. Who took the address since and never proved it is deleted.
// [CodeInvalidToken]; [CodeEmailTaken]: another user has proven the address meanwhile.
func (e *Engine) UndoEmail(ctx context.Context, in EmailUndo) error {
	app, err := e.appFor(ctx, in.App, in.Client)
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
// the person who moved the account away could keep its owner out by a sign-up. The link is a proof
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
	i := slices.IndexFunc(account.Credentials, func(c Credential) bool { return c.Kind == undoKind && c.Subject == subject })
	if i < 0 || !undoable(account.Credentials[i], e.now()) {
		return nil, formerAddress{}, invalidToken("the undo has expired")
	}
	former, ok := e.openUndo(account.Credentials[i])
	if !ok {
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
		added := !account.madeBy(held) && !held.CreatedAt.Before(former.Left.Add(-forUndo.ttl))
		if held.Kind == undoKind || held.Kind == passwordKind || added {
			c.Drop = append(c.Drop, held)
		}
	}
	c.Also.note(c.Now, Event{App: app.ID, UserID: u.ID, Type: EventEmailUndo, IP: by.IP})
	secrets := newAttempt(app.ID, nil)
	return c, e.addProof(&c.Also, app, forReset, secrets, attempt{Email: former.Email, Typed: former.Typed, Class: classSession, Bare: flagged(true)}, &u, c.Now)
}
