package authkit

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	codeKind TokenKind = "code"
	codeTTL            = 60 * time.Second

	// codeAgain is how long a code answers as it did at first, and codeKept, from when it was
	// made, how long its use is remembered.
	codeAgain = 10 * time.Second
	codeKept  = 10 * time.Minute

	codeHead  = 16 + 16 + 8 + 1 + macSize // session, user, when it was made, whether the user is new, proof
	codeLimit = 1024                      // bytes of its text
)

// oneTime is what a one-time code says. It is sealed by the engine, so that the store keeps
// nothing of it but a hash.
type oneTime struct {
	session, user uuid.UUID
	made          time.Time
	created       bool
	proof         []byte // hash of what has to come with it
	secret        sessionSecret
}

func codeAAD(app uuid.UUID) []byte { return seal.AAD("one-time code", app.String()) }

func (e *Engine) sealCode(app uuid.UUID, o oneTime) []byte {
	plain := slices.Concat(o.session[:], o.user[:], binary.BigEndian.AppendUint64(nil, uint64(o.made.UnixMicro())), []byte{byte(flagged(o.created))}, o.proof, o.secret.Bytes())
	return e.ring.Seal(plain, codeAAD(app))
}

// openCode reads a code; raw is what its hash is of.
func (e *Engine) openCode(app uuid.UUID, text string) (o oneTime, raw []byte, ok bool) {
	if len(text) > codeLimit {
		return oneTime{}, nil, false
	}
	raw, ok = token.Decode(text, base64.RawURLEncoding.DecodedLen(len(text)))
	if !ok {
		return oneTime{}, nil, false
	}
	plain, err := e.ring.Open(raw, codeAAD(app))
	if err != nil || len(plain) < codeHead {
		return oneTime{}, nil, false
	}
	o = oneTime{
		session: uuid.UUID(plain[:16]), user: uuid.UUID(plain[16:32]), made: time.UnixMicro(int64(binary.BigEndian.Uint64(plain[32:40]))).UTC(), //nolint:gosec // as it was written
		created: plain[40] == 1, proof: plain[41:codeHead],
	}
	o.secret, ok = sessionSecretOf(plain[codeHead:])
	return o, raw, ok
}

// handOver adds a one-time code for the session to the step that starts it.
func (e *Engine) handOver(goal *Goal, challenge string, browser []byte) rider {
	return func(c *UserChange, s *Session, secret sessionSecret) error {
		if challenge == "" && len(browser) == 0 { // whoever saw the code could redeem it
			return invalid("binding", "required", "there is neither a challenge nor a browser to bind the code to")
		}
		proof := codeBinding(challenge, browser, c.App, s.ID)
		raw := e.sealCode(c.App, oneTime{session: s.ID, user: s.UserID, made: c.Now, created: c.Version == 0, proof: proof, secret: secret})
		hash := token.Hash(raw)
		c.Also.Tokens = append(c.Also.Tokens, Token{
			App: c.App, Kind: codeKind, Slot: token.Encode(hash), Hash: hash, UserID: s.UserID, Binding: proof, ExpiresAt: c.Now.Add(codeTTL),
		})
		goal.Code = token.Encode(raw)
		return nil
	}
}

// codeBinding is the proof that a code asks for: the verifier of the challenge if the flow had
// one, only else the cookie.
func codeBinding(challenge string, browser []byte, app, session uuid.UUID) []byte {
	if challenge != "" {
		return token.Hash([]byte("S256 " + challenge))
	}
	return token.Hash([]byte("cookie " + bindingOf(browser, app, session[:])))
}

// codeAlive refuses a code that was used or has expired: [CodeInvalidToken].
func (e *Engine) codeAlive(ctx context.Context, app uuid.UUID, text string) error {
	_, raw, ok := e.openCode(app, text)
	if !ok {
		return invalidToken("the one-time code does not open")
	}
	_, err := e.store.Token(ctx, app, Take{Kind: codeKind, Hash: token.Hash(raw)}, e.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return invalidToken("the one-time code was used, or has expired")
	case err != nil:
		return unavailable(fmt.Errorf("look for a one-time code: %w", err))
	}
	return nil
}
