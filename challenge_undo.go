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
// second address that a thief sets meanwhile.
const undoKind = "undo"

// maxUndos is how many undos an account keeps. All of them do the same.
const maxUndos = 8

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

// newUndo makes the undo of a change to a user, and its link.
func (k *tokens) newUndo(app uuid.UUID, u User, now time.Time) (Credential, string) {
	id := token.Random(idSize)
	subject := token.Encode(token.Hash(id))
	plain := plainJSON(formerAddress{u.Email, u.EmailTyped, now})
	return Credential{
		App: app, UserID: u.ID, Kind: undoKind, Subject: subject, Data: k.ring.Seal(plain, undoAAD(app, subject)), CreatedAt: now,
	}, k.link(app, forUndo, id, now.Add(forUndo.ttl))
}

// addUndo adds an undo to a change that a user of a proven address is told of, and answers its
// link. It is empty where an undo that lives would bring another address back: those between
// the first of several changes of address and now may be a thief's, who would take the owner's
// undo back, in turn. One too many takes the place of the oldest.
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

// undoable reports whether an undo still works.
func undoable(undo Credential, now time.Time) bool {
	return now.Before(undo.CreatedAt.Add(forUndo.ttl))
}

func (k *tokens) openUndo(undo Credential) (former formerAddress, ok bool) {
	plain, err := k.ring.Open(undo.Data, undoAAD(undo.App, undo.Subject))
	return former, err == nil && json.Unmarshal(plain, &former) == nil
}

// undoSubject is the subject of the undo that a link is of. [CodeInvalidToken].
func (k *tokens) undoSubject(app uuid.UUID, raw string) (string, error) {
	claims, err := magiclink.Parse(k.ring.Keys(forUndo.key), raw, app, k.now())
	if err != nil {
		return "", invalidToken("the undo link is malformed, expired or of another app").because(err)
	}
	return token.Encode(token.Hash(claims.ID)), nil
}

// formerOf is what the undo of that subject brings back. [CodeInvalidToken].
func (k *tokens) formerOf(account *Account, subject string) (formerAddress, error) {
	i := slices.IndexFunc(account.Credentials, func(c Credential) bool { return c.Kind == undoKind && c.Subject == subject })
	if i < 0 || !undoable(account.Credentials[i], k.now()) {
		return formerAddress{}, invalidToken("the undo has expired")
	}
	former, ok := k.openUndo(account.Credentials[i])
	if !ok {
		return formerAddress{}, invalidToken("the undo's data cannot be opened")
	}
	return former, nil
}
