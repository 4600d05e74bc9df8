package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// ownProofKind is a token that leads from a user to the newest proof of the user's own address,
// which the account asked for. So a session of the account takes the place of the binding beside
// the code.
const ownProofKind TokenKind = "own-proof"

// ownProofTTL is how long the newest proof of a user is remembered: longer than it can be redeemed,
// so that a late code is told that it has expired.
const ownProofTTL = time.Hour

// ownProof is the sealed data of such a token.
type ownProof struct {
	Binding string `json:"binding"` // of the proof
}

// ownProofHash returns the hash of the token that belongs to an owner.
func ownProofHash(owner []byte) []byte { return token.Hash([]byte("own proof"), owner) }

// addOwnProof makes a user's proof the one that a session of the user finds. A decoy takes the
// place of no proof.
func (k *tokens) addOwnProof(riders *Riders, n newChallenge, expires time.Time) {
	owner := n.user.ID[:]
	if n.data.decoy {
		owner = n.secrets.id
	}
	t := Token{App: n.app.ID, Kind: ownProofKind, Hash: ownProofHash(owner), ExpiresAt: n.now.Add(ownProofTTL), UserID: n.user.ID, Epoch: n.user.Epoch}
	t.Slot, t.Data = token.Encode(t.Hash), k.seal(t, ownProof{k.answeredBinding(n.app.ID, n.purpose.kind, n.secrets.binding, expires)})
	riders.Tokens = append(riders.Tokens, t)
}

// ownBinding returns the binding of the newest proof that the account of a user asked for.
// [CodeInvalidToken]: there is no such proof.
func (k *tokens) ownBinding(ctx context.Context, app, user uuid.UUID) (string, error) {
	take := Take{Kind: ownProofKind, Hash: ownProofHash(user[:])}
	t, err := k.look(ctx, app, take, "the account has asked for no proof that is alive")
	if err != nil {
		return "", err
	}
	var own ownProof
	err = k.open(t, take, &own)
	return own.Binding, err
}
