package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// tokens keeps what may be used once: challenges, OAuth states, one-time codes and the outcomes
// of button presses. Flows use the store's [TokenStore] role through it alone. The data of a
// token is sealed to the app, kind and hash of that token, so that it opens in no other row. It
// is safe for concurrent use.
type tokens struct {
	store TokenStore
	ring  *seal.Ring
	now   func() time.Time
	mail  challengeMail // of challenges alone
}

// challengeMail limits and sends the mails of challenges.
type challengeMail struct {
	limits  *limiter
	outbox  *outbox
	baseURL string
}

func newTokens(store TokenStore, ring *seal.Ring, now func() time.Time, m challengeMail) *tokens {
	return &tokens{store: store, ring: ring, now: now, mail: m}
}

// tokenAAD is the associated data of the sealed data of a token.
func tokenAAD(app uuid.UUID, kind TokenKind, hash []byte) []byte {
	return seal.AAD("token", app.String(), string(kind), token.Encode(hash))
}

// seal seals data for the token of that app, kind and hash.
func (k *tokens) seal(of Token, data any) []byte {
	return k.ring.Seal(plainJSON(data), tokenAAD(of.App, of.Kind, of.Hash))
}

// open reads what seal sealed for the token that was looked up by take. [CodeInvalidToken]: the
// data was sealed for another token, or by a secret that is no longer configured.
func (k *tokens) open(t Token, take Take, data any) error {
	plain, err := k.ring.Open(t.Data, tokenAAD(t.App, take.Kind, take.Hash))
	if err != nil || json.Unmarshal(plain, data) != nil {
		return invalidToken("the token's data cannot be opened")
	}
	return nil
}

// put writes riders that no other verb carries. [CodeAppNotFound]: the app was deleted;
// [CodeUnavailable].
func (k *tokens) put(ctx context.Context, app uuid.UUID, riders Riders) error {
	return storeError(k.store.Put(ctx, Put{App: app, Riders: riders}), app)
}

// keep stores a token of its own slot, with sealed data, for a while. The errors are those of put.
func (k *tokens) keep(ctx context.Context, t Token, data any, ttl time.Duration) error {
	t.Slot, t.ExpiresAt, t.Data = token.Encode(t.Hash), k.now().Add(ttl), k.seal(t, data)
	return k.put(ctx, t.App, Riders{Tokens: []Token{t}})
}

// peek returns a token that could be spent, without effect; false: there is no such token.
// [CodeUnavailable].
func (k *tokens) peek(ctx context.Context, app uuid.UUID, take Take) (Token, bool, error) {
	t, _, err := k.store.Token(ctx, app, take, k.now())
	return looked(t, app, take.Kind, err)
}

// look is peek for a token that has to be there: [CodeInvalidToken], with the cause, if it is not.
func (k *tokens) look(ctx context.Context, app uuid.UUID, take Take, missing cause) (Token, error) {
	t, ok, err := k.peek(ctx, app, take)
	if err == nil && !ok {
		err = invalidToken(missing)
	}
	return t, err
}

// try counts one attempt on a token, as [TokenStore.TryToken] does; false: there is no such
// token. [CodeUnavailable].
func (k *tokens) try(ctx context.Context, app uuid.UUID, t Try) (Tried, bool, error) {
	got, err := k.store.TryToken(ctx, app, t, k.now())
	return looked(got, app, t.Kind, err)
}

// spend ends a token with its whole slot. [ErrNotFound]: it was spent before, or has expired.
func (k *tokens) spend(ctx context.Context, app uuid.UUID, take Take) error {
	_, err := k.store.TakeToken(ctx, app, take, k.now())
	return err
}

// looked distinguishes a missing token from a store that fails.
func looked[T any](got T, app uuid.UUID, kind TokenKind, err error) (_ T, ok bool, _ error) {
	var none T
	switch {
	case errors.Is(err, ErrNotFound):
		return none, false, nil
	case err != nil:
		return none, false, unavailable(fmt.Errorf("look for a token of app %s, kind %q: %w", app, kind, err))
	}
	return got, true, nil
}

// plainJSON encodes a struct of plain fields, which cannot fail. A type without a JSON form is a
// defect of this program.
func plainJSON(data any) []byte {
	plain, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("authkit: encode %T: %v", data, err))
	}
	return plain
}
