package authkit

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	codeKind TokenKind = "code"
	codeTTL            = 60 * time.Second

	// codeRepeats is how long after its first use a code gets the same answer again.
	// codeRemembered is how long after the code was made its use is remembered.
	codeRepeats    = 10 * time.Second
	codeRemembered = 10 * time.Minute

	codeHead  = 16 + 16 + 8 + 1 + macSize // session, user, when it was made, whether the user is new, proof
	codeLimit = 1024                      // bytes of its text
)

// oneTime is the content of a one-time code. The text of the code is this content, sealed; the
// store has only a hash of it.
type oneTime struct {
	session, user uuid.UUID
	made          time.Time
	created       bool
	proof         []byte // hash of the verifier or binding that the exchange has to show
	secret        sessionSecret
}

func codeAAD(app uuid.UUID) []byte { return seal.AAD("one-time code", app.String()) }

// handOver says to which URL a one-time code hands a session over, and who can redeem the code.
// The zero value hands nothing over.
type handOver struct {
	to        string // the redirect URL
	challenge string // PKCE, S256; empty: the code is bound to the browser's secret instead
	browser   []byte // the secret in the binding cookie
}

// proof returns the hash of the proof that the exchange of the code has to show.
// [CodeInvalidRequest]: there is neither a challenge nor a browser, so that anyone who saw the
// code could redeem it.
func (h handOver) proof(app, session uuid.UUID) ([]byte, error) {
	if h.challenge == "" && len(h.browser) == 0 {
		return nil, invalid("binding", "required", "there is neither a challenge nor a browser to bind the code to")
	}
	return codeBinding(h.challenge, h.browser, app, session), nil
}

// addCode adds a one-time code for the session to the step that starts the session.
func (k *tokens) addCode(c *UserChange, code oneTime) (text string) {
	raw := k.sealCode(c.App, code)
	hash := token.Hash(raw)
	c.Riders.Tokens = append(c.Riders.Tokens, Token{
		App: c.App, Kind: codeKind, Slot: token.Encode(hash), Hash: hash, UserID: c.ID, Binding: code.proof, ExpiresAt: c.Now.Add(codeTTL),
	})
	return token.Encode(raw)
}

func (k *tokens) sealCode(app uuid.UUID, o oneTime) []byte {
	plain := slices.Concat(o.session[:], o.user[:], binary.BigEndian.AppendUint64(nil, uint64(o.made.UnixMicro())), []byte{byte(flagged(o.created))}, o.proof, o.secret.Bytes())
	return k.ring.Seal(plain, codeAAD(app))
}

// openCode decodes and opens the text of a code. The store has the hash of raw. ok is false if the
// text is malformed or was sealed for another app.
func (k *tokens) openCode(app uuid.UUID, text string) (o oneTime, raw []byte, ok bool) {
	if len(text) > codeLimit {
		return oneTime{}, nil, false
	}
	raw, ok = token.Decode(text, base64.RawURLEncoding.DecodedLen(len(text)))
	if !ok {
		return oneTime{}, nil, false
	}
	plain, err := k.ring.Open(raw, codeAAD(app))
	if err != nil || len(plain) < codeHead {
		return oneTime{}, nil, false
	}
	o = oneTime{
		session: uuid.UUID(plain[:16]), user: uuid.UUID(plain[16:32]), made: time.UnixMicro(int64(binary.BigEndian.Uint64(plain[32:40]))).UTC(), //nolint:gosec // a time that sealCode wrote
		created: plain[40] == 1, proof: plain[41:codeHead],
	}
	o.secret, ok = sessionSecretOf(plain[codeHead:])
	return o, raw, ok
}

// codeBinding is the hash of the proof that a code asks for. If the flow had a challenge, the proof
// is its verifier; otherwise it is the binding cookie.
func codeBinding(challenge string, browser []byte, app, session uuid.UUID) []byte {
	if challenge != "" {
		return token.Hash([]byte("S256 " + challenge))
	}
	return token.Hash([]byte("cookie " + bindingOf(browser, app, session[:])))
}

// codeAlive reports whether a code can still be spent. [CodeUnavailable].
func (k *tokens) codeAlive(ctx context.Context, app uuid.UUID, text string) (bool, error) {
	_, raw, ok := k.openCode(app, text)
	if !ok {
		return false, nil
	}
	_, alive, err := k.peek(ctx, app, Take{Kind: codeKind, Hash: token.Hash(raw)})
	return alive, err
}

// exchanged is the stored answer to the first use of a code.
type exchanged struct {
	At        time.Time     `json:"at"`
	Token     string        `json:"token"`
	ExpiresIn time.Duration `json:"expires_in"`
}

// usedCode identifies the token that remembers the first use of a one-time code. The data of that
// token is sealed under the code and the proof, which only the client has.
type usedCode struct {
	hash []byte
	key  []byte
}

func usedCodeOf(raw, secret []byte) usedCode {
	return usedCode{hash: token.Hash([]byte("used code"), raw), key: token.Hash([]byte("used code key"), raw, secret)}
}

// addUsedCode adds the answer to the use of a code to the step that spends the code. It is
// remembered until codeRemembered after the code was made.
func (k *tokens) addUsedCode(c *UserChange, used usedCode, made time.Time, what exchanged) {
	t := Token{App: c.App, Kind: outcomeKind, Slot: token.Encode(used.hash), Hash: used.hash, UserID: c.ID, ExpiresAt: made.Add(codeRemembered)}
	t.Data = k.sealUnder(used.key, t, what)
	c.Riders.Tokens = append(c.Riders.Tokens, t)
}

// recallUse reads the answer to the first use of a code. [CodeInvalidToken]: no use is remembered.
func (k *tokens) recallUse(ctx context.Context, app uuid.UUID, used usedCode) (first exchanged, err error) {
	t, ok, err := k.peek(ctx, app, Take{Kind: outcomeKind, Hash: used.hash})
	switch {
	case err != nil:
		return exchanged{}, err
	case !ok:
		return exchanged{}, invalidToken("the one-time code has expired").with(ReasonExpired)
	}
	return first, k.openUnder(used.key, t, &first)
}
