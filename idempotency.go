package authkit

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// onceFor is how long an idempotency key is remembered.
const onceFor = 24 * time.Hour

// once identifies a creation by the idempotency key of its caller. The first one that succeeds
// stores what it made, in the step that makes it; a repeated one is answered with that. The zero
// once stores nothing.
type once struct {
	press // what it made is sealed under the key, which the store does not have

	request []byte // a hash of what is asked for
}

// onceOf returns the once of a key for what is asked for, in the scope of one caller and one kind
// of creation. An empty key gives the zero once. [CodeInvalidRequest]: the key has another form.
func onceOf(app uuid.UUID, key string, request any, scope ...string) (once, error) {
	if err := checkIdempotencyKey(key); err != nil || key == "" {
		return once{}, err
	}
	return once{pressOf(app, []byte(key), "idempotency key", scope...), token.Hash(plainJSON(request))}, nil
}

// madeOnce is what a creation has made.
type madeOnce[T any] struct {
	Request []byte `json:"request"`
	Made    T      `json:"made"`
}

// recallOnce returns what an earlier creation with the key has made; ok is false if there was no
// such one. [CodeIdempotencyConflict]: it was asked for something else.
func recallOnce[T any](ctx context.Context, k *tokens, o once, take Take) (made T, ok bool, err error) {
	take.Kind, take.Hash = outcomeKind, o.hash
	t, ok, err := k.peek(ctx, o.app, take)
	if err != nil || !ok {
		return made, false, err
	}
	var was madeOnce[T]
	if k.openUnder(o.key, t, &was) != nil || !bytes.Equal(was.Request, o.request) {
		return made, false, refuse(CodeIdempotencyConflict, "this Idempotency-Key came with another request: make a new key for each")
	}
	return was.Made, true, nil
}

// addOnce adds what a step makes to its riders. Of any number of steps with the key one succeeds,
// whatever each makes: a token that is put again keeps its class, and each has a class of its own.
func addOnce[T any](k *tokens, riders *Riders, o once, made T) {
	t := Token{App: o.app, Kind: outcomeKind, Slot: token.Encode(o.hash), Hash: o.hash, ExpiresAt: k.now().Add(onceFor)}
	t.Class = int(binary.BigEndian.Uint64(token.Random(8)) & math.MaxInt)
	t.Data = k.sealUnder(o.key, t, madeOnce[T]{o.request, made})
	riders.Tokens = append(riders.Tokens, t)
}

// makeOnce makes something, or returns what an earlier creation with the key has made. keep adds
// what is made to the riders of the step that makes it. A key counts until it is swept.
func makeOnce[T any](ctx context.Context, k *tokens, o once, create func(keep func(*Riders, T)) (T, error)) (T, error) {
	if o.hash == nil {
		return create(keepNothing[T])
	}
	if made, ok, err := recallOnce[T](ctx, k, o, Take{Dead: true}); ok || err != nil {
		return made, err
	}
	made, err := create(func(riders *Riders, made T) { addOnce(k, riders, o, made) })
	if err == nil {
		return made, nil
	}
	// A concurrent one may have been first.
	if was, ok, failed := recallOnce[T](ctx, k, o, Take{Dead: true}); ok || failed != nil {
		return was, failed
	}
	return made, err
}

// idOfOnce returns the id of an app that is made with the key on that day, so that of any number of
// steps with the key one succeeds, though each makes an app.
func idOfOnce(day time.Time, key, owner string) uuid.UUID {
	return idFrom(day, token.Hash(seal.AAD("idempotency key", owner, key)))
}

// keepNothing adds nothing to a step.
func keepNothing[T any](*Riders, T) {}
