package authkit

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/magiclink"
)

// undoKind is a credential, not a token: it has to outlive every session, and every password or
// second address that a thief sets in the meantime.
const undoKind = "undo"

// maxUndos is how many undos an account keeps. All of them have the same effect.
const maxUndos = 8

// forUndo is the purpose of the link that undoes a change of address, or a new identity, passkey or
// TOTP.
var forUndo = purpose{key: "undo link", page: "/auth/email/undo/", ttl: 72 * time.Hour}

// formerAddress is what an undo restores: the address that the account had when the undo was
// made, and still has where only an identity or a factor was added.
type formerAddress struct {
	Email string    `json:"email"`
	Typed string    `json:"typed"`
	Left  time.Time `json:"left"`
}

// from is the time from which on what was added is removed.
func (f formerAddress) from() time.Time { return f.Left.Add(-forUndo.ttl) }

func undoAAD(app uuid.UUID, subject string) []byte { return seal.AAD("undo", app.String(), subject) }

// newUndo makes the undo of a change to a user, and its link.
func (k *tokens) newUndo(app uuid.UUID, u User, now time.Time) (Credential, string) {
	id := token.Random(idSize)
	subject := token.Encode(token.Hash(id))
	plain := plainJSON(formerAddress{u.Email, u.EmailTyped, now})
	return Credential{
		App: app, UserID: u.ID, Kind: undoKind, Subject: subject, Data: k.ring.Seal(plain, undoAAD(app, subject)), CreatedAt: now,
	}, k.link(app, forUndo, id, now.Add(forUndo.ttl))
}

// addUndo adds an undo to a change of which a user with a verified address is notified, and
// returns its link. The link is empty if a live undo would restore another address: the addresses
// between the first of several changes and now may be a thief's, who would otherwise undo the
// owner's undo. An undo beyond maxUndos replaces the oldest.
func (k *tokens) addUndo(c *UserChange, account *Account) (link string) {
	var live []Credential
	for _, held := range account.Credentials {
		switch {
		case held.Kind != undoKind:
		case !undoable(held, c.Now):
			c.Drop = append(c.Drop, held)
		default:
			former, ok := k.openUndo(held)
			if !ok || former.Email != account.User.Email {
				return ""
			}
			live = append(live, held)
		}
	}
	if len(live) >= maxUndos {
		c.Drop = append(c.Drop, slices.MinFunc(live, func(a, b Credential) int { return a.CreatedAt.Compare(b.CreatedAt) }))
	}
	undo, link := k.newUndo(c.App, account.User, c.Now)
	c.Put = append(c.Put, undo)
	return link
}

// undoable reports whether an undo has not expired.
func undoable(undo Credential, now time.Time) bool {
	return now.Before(undo.CreatedAt.Add(forUndo.ttl))
}

func (k *tokens) openUndo(undo Credential) (former formerAddress, ok bool) {
	plain, err := k.ring.Open(undo.Data, undoAAD(undo.App, undo.Subject))
	return former, err == nil && json.Unmarshal(plain, &former) == nil
}

// undoSubject returns the subject of the undo of a link. [CodeInvalidToken].
func (k *tokens) undoSubject(app uuid.UUID, raw string) (string, error) {
	claims, err := magiclink.Parse(k.ring.Keys(forUndo.key), raw, app, k.now())
	if err != nil {
		return "", invalidToken("the undo link is malformed, expired or of another app").because(err).with(reasonOfLink(raw, err))
	}
	return token.Encode(token.Hash(claims.ID)), nil
}

// formerOf returns what the undo of that subject restores. [CodeInvalidToken].
func (k *tokens) formerOf(account *Account, subject string) (formerAddress, error) {
	i := slices.IndexFunc(account.Credentials, func(c Credential) bool { return c.Kind == undoKind && c.Subject == subject })
	if i < 0 || !undoable(account.Credentials[i], k.now()) {
		return formerAddress{}, invalidToken("the undo was used, or has expired").with(ReasonSpent)
	}
	former, ok := k.openUndo(account.Credentials[i])
	if !ok {
		return formerAddress{}, invalidToken("the undo's data cannot be opened")
	}
	return former, nil
}
