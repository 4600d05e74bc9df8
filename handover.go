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

	// codeRepeats is how long a code answers as it did at first, and codeRemembered, from when it was
	// made, how long its use is remembered.
	codeRepeats    = 10 * time.Second
	codeRemembered = 10 * time.Minute

	codeHead  = 16 + 16 + 8 + 1 + macSize // session, user, when it was made, whether the user is new, proof
	codeLimit = 1024                      // bytes of its text
)

// oneTime is what a one-time code says. Its text is sealed, and the store keeps a hash of it alone.
type oneTime struct {
	session, user uuid.UUID
	made          time.Time
	created       bool
	proof         []byte // hash of what has to come with it
	secret        sessionSecret
}

func codeAAD(app uuid.UUID) []byte { return seal.AAD("one-time code", app.String()) }

// handOver is where a session is handed over to by a one-time code, and to whom. The zero value
// hands nothing over.
type handOver struct {
	to        string // the redirect URL
	challenge string // PKCE, S256; empty: the browser's secret takes its place
	browser   []byte // the secret in the binding cookie
}

// proof is what the exchange of the code has to show. [CodeInvalidRequest]: there is neither a
// challenge nor a browser, and whoever saw the code could redeem it.
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

// openCode reads a code. raw is what the store keeps the hash of.
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
		session: uuid.UUID(plain[:16]), user: uuid.UUID(plain[16:32]), made: time.UnixMicro(int64(binary.BigEndian.Uint64(plain[32:40]))).UTC(), //nolint:gosec // as it was written
		created: plain[40] == 1, proof: plain[41:codeHead],
	}
	o.secret, ok = sessionSecretOf(plain[codeHead:])
	return o, raw, ok
}

// codeBinding is the proof that a code asks for: the verifier of the challenge if the flow had
// one, and otherwise the binding cookie.
func codeBinding(challenge string, browser []byte, app, session uuid.UUID) []byte {
	if challenge != "" {
		return token.Hash([]byte("S256 " + challenge))
	}
	return token.Hash([]byte("cookie " + bindingOf(browser, app, session[:])))
}

// codeAlive reports whether a code can still be used. [CodeUnavailable].
func (k *tokens) codeAlive(ctx context.Context, app uuid.UUID, text string) (bool, error) {
	_, raw, ok := k.openCode(app, text)
	if !ok {
		return false, nil
	}
	_, alive, err := k.peek(ctx, app, Take{Kind: codeKind, Hash: token.Hash(raw)})
	return alive, err
}

// exchanged is what is kept of a code's first use.
type exchanged struct {
	At        time.Time     `json:"at"`
	Token     string        `json:"token"`
	ExpiresIn time.Duration `json:"expires_in"`
}

// usedCode names the token that remembers the first use of a one-time code. It is sealed under
// the code and the proof, which only the client has.
type usedCode struct {
	hash []byte
	key  []byte
}

func usedCodeOf(raw, secret []byte) usedCode {
	return usedCode{hash: token.Hash([]byte("used code"), raw), key: token.Hash([]byte("used code key"), raw, secret)}
}

// addUsedCode remembers the use of a code, until codeRemembered after it was made, in the step that
// spends it.
func (k *tokens) addUsedCode(c *UserChange, used usedCode, made time.Time, what exchanged) {
	t := Token{App: c.App, Kind: outcomeKind, Slot: token.Encode(used.hash), Hash: used.hash, UserID: c.ID, ExpiresAt: made.Add(codeRemembered)}
	t.Data = k.sealUnder(used.key, t, what)
	c.Riders.Tokens = append(c.Riders.Tokens, t)
}

// recallUse reads the first use of a code. [CodeInvalidToken]: none is remembered.
func (k *tokens) recallUse(ctx context.Context, app uuid.UUID, used usedCode) (first exchanged, err error) {
	t, err := k.look(ctx, app, Take{Kind: outcomeKind, Hash: used.hash}, "the one-time code has expired")
	if err != nil {
		return exchanged{}, err
	}
	return first, k.openUnder(used.key, t, &first)
}
