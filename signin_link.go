package authkit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/magiclink"
)

const (
	linkKind  TokenKind = "link"
	linkTTL             = 10 * time.Minute
	linkTries           = 5 // wrong codes an attempt
	linkMost            = 5 // live attempts an address
	idSize              = 16
	macSize             = 32
)

// LinkRequest asks for a mail with a link and a code.
type LinkRequest struct {
	App           uuid.UUID
	Email         string
	RedirectTo    string // one of the app's redirect URLs, or empty
	CodeChallenge string // PKCE, S256 (RFC 7636); may be empty

	// Browser is the secret in the asker's binding cookie, if there is one.
	Browser []byte
	Client  Client
}

// Pending is the answer to whatever mails a proof. Binding is the asker's secret: with
// it, and only with it, the code in the mail can be redeemed.
type Pending struct {
	Binding   string
	ExpiresIn time.Duration
}

// attempt is what a link's token keeps, sealed.
type attempt struct {
	Email      string `json:"email"`
	Typed      string `json:"typed"`
	RedirectTo string `json:"redirect_to,omitempty"`
	Challenge  string `json:"challenge,omitempty"`
}

// RequestLink mails a link and a six-digit code that spend the same attempt. The answer
// and its time are the same whether or not the address is known or its limit is hit.
func (e *Engine) RequestLink(ctx context.Context, in LinkRequest) (Pending, error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return Pending{}, err
	}
	email, err := checkEmail(in.Email)
	if err != nil {
		return Pending{}, err
	}
	if err := checkGoal(app, in.RedirectTo, in.CodeChallenge); err != nil {
		return Pending{}, err
	}
	now := e.now()
	secrets, err := e.newAttempt(app.ID, in.Browser)
	if err != nil {
		return Pending{}, unavailable(err)
	}
	var also Also
	event := Event{App: app.ID, Type: EventLinkRequest, IP: in.Client.IP}
	switch err := e.hit(ctx, app.ID, e.by(limitMailEmail, email)); {
	case errors.Is(err, CodeRateLimited):
		event.Result, event.Reason = "refused", "rate_limited"
	case err != nil:
		return Pending{}, err
	default:
		data := attempt{Email: email, Typed: in.Email, RedirectTo: in.RedirectTo, Challenge: in.CodeChallenge}
		if err := e.addLink(&also, app, secrets, data, now); err != nil {
			return Pending{}, err
		}
	}
	if err := e.note(&also, now, event); err != nil {
		return Pending{}, err
	}
	if err := e.store.Put(ctx, app.ID, also); err != nil {
		return Pending{}, e.ownError(err, app.ID)
	}
	e.poke()
	return Pending{Binding: secrets.binding, ExpiresIn: linkTTL}, nil
}

// attemptSecrets are what a link's three readers hold: the mail, the typist, the asker.
type attemptSecrets struct {
	id      []byte
	code    string
	binding string
}

func (e *Engine) newAttempt(app uuid.UUID, browser []byte) (attemptSecrets, error) {
	id, err := e.random(idSize)
	if err != nil {
		return attemptSecrets{}, err
	}
	if len(browser) == 0 {
		if browser, err = e.random(macSize); err != nil {
			return attemptSecrets{}, err
		}
	}
	n, err := rand.Int(e.cfg.Random, big.NewInt(1_000_000))
	if err != nil {
		return attemptSecrets{}, fmt.Errorf("authkit: draw a code: %w", err)
	}
	return attemptSecrets{id: id, code: fmt.Sprintf("%06d", n), binding: bindingOf(browser, app, id)}, nil
}

// bindingOf derives the binding of one attempt from a browser's secret, so that one
// cookie serves any number of attempts and one attempt's binding tells nothing of it.
func bindingOf(browser []byte, app uuid.UUID, id []byte) string {
	mac := hmac.New(sha256.New, browser)
	mac.Write([]byte("authkit binding"))
	mac.Write(app[:])
	mac.Write(id)
	return token.Encode(mac.Sum(slices.Clone(id)))
}

// bindingID is the attempt that a binding is of.
func bindingID(binding string) ([]byte, bool) {
	raw, ok := token.Decode(binding, idSize+macSize)
	if !ok {
		return nil, false
	}
	return raw[:idSize], true
}

func (e *Engine) addLink(also *Also, app App, s attemptSecrets, data attempt, now time.Time) error {
	raw, err := magiclink.Mint(e.ring.Key("magic link"), magiclink.Claims{App: app.ID, ID: s.id, ExpiresAt: now.Add(linkTTL)})
	if err != nil {
		return &Error{Code: CodeInternal, Detail: "the link cannot be made", Err: err}
	}
	hash := token.Hash(s.id)
	plain, err := json.Marshal(data)
	if err != nil {
		return &Error{Code: CodeInternal, Detail: "the attempt cannot be kept", Err: err}
	}
	also.Tokens = append(also.Tokens, Token{
		App: app.ID, Kind: linkKind, Hash: hash, ExpiresAt: now.Add(linkTTL), Most: linkMost,
		Slot:    token.Encode(e.ring.MAC("link slot", app.ID[:], []byte(data.Email))[:idSize]),
		Binding: token.Hash([]byte(s.binding)),
		Proof:   e.codeProof(app.ID, s.id, data.Email, s.code),
		Data:    e.ring.Seal(plain, tokenAAD(app.ID, linkKind, hash)),
	})
	return e.queue(also, app.ID, letter{
		To: data.Typed, Template: "magic_link", App: app.Name, Minutes: int(linkTTL / time.Minute), Code: s.code,
		Link:    magiclink.URL(e.cfg.BaseURL, "/auth/verify/"+app.ID.String(), raw),
		Address: data.Email,
	}, now, now.Add(linkTTL))
}

func tokenAAD(app uuid.UUID, kind TokenKind, hash []byte) []byte {
	return seal.AAD("token", app.String(), string(kind), token.Encode(hash))
}

func (e *Engine) codeProof(app uuid.UUID, id []byte, email, code string) []byte {
	return e.ring.MAC("link code", app[:], id, []byte(email), []byte(code))
}

// checkGoal refuses a redirect URL that is not registered, to the letter (RFC 9700,
// section 4.1), and a challenge that is not one of S256.
func checkGoal(app App, redirectTo, challenge string) error {
	if redirectTo != "" && !slices.Contains(app.Settings.RedirectURLs, redirectTo) {
		return invalid("redirect_to", "not_registered", "redirect_to is not one of the app's redirect_urls")
	}
	if challenge != "" {
		if _, ok := token.Decode(challenge, 32); !ok {
			return invalid("code_challenge", "invalid_challenge", "code_challenge is not the base64url of a SHA-256 sum")
		}
	}
	return nil
}

// LinkProof redeems a link by its token, or by the code beside it.
type LinkProof struct {
	App     uuid.UUID
	Token   string // of the link
	Email   string // with Code
	Code    string
	Binding string // wanted with Code, checked with Token when given
	Client  Client
}

// found is a link's attempt that can be spent.
type found struct {
	take Take
	data attempt
}

// RedeemLink spends a link or code and signs in: [CodeInvalidToken] for anything that
// is spent, expired, foreign or malformed. The proof makes the address verified; what an
// unproven account held before is reset first.
func (e *Engine) RedeemLink(ctx context.Context, in LinkProof) (SignIn, error) {
	app, err := e.App(ctx, in.App)
	if err != nil {
		return SignIn{}, err
	}
	var got found
	if in.Token != "" {
		got, err = e.findLink(ctx, app.ID, in.Token, in.Binding)
	} else {
		got, err = e.findCode(ctx, app.ID, in)
	}
	if err != nil {
		return SignIn{}, err
	}
	return e.enterByLink(ctx, app, got, in.Client, nil)
}

func (e *Engine) enterByLink(ctx context.Context, app App, got found, by Client, then rider) (SignIn, error) {
	enter := entry{method: MethodMagicLink, amr: []string{"otp"}, by: by, take: &got.take, proof: true, then: then}
	return e.again(func() (SignIn, error) {
		account, err := e.account(ctx, app.ID, AccountKey{Email: got.data.Email})
		if err != nil {
			return SignIn{}, err
		}
		if account != nil {
			return e.enter(ctx, app, account, enter)
		}
		if err := e.mayCreate(ctx, app, by); err != nil {
			return SignIn{}, err
		}
		return e.create(ctx, app, User{Email: got.data.Email, EmailTyped: got.data.Typed, Verified: true}, enter)
	})
}

// findLink looks at a link without effect. A binding, if there is one, has to fit.
func (e *Engine) findLink(ctx context.Context, app uuid.UUID, raw, binding string) (found, error) {
	claims, err := magiclink.Parse(e.ring.Keys("magic link"), raw, app, e.now())
	if err != nil {
		return found{}, invalidToken()
	}
	take := Take{Kind: linkKind, Hash: token.Hash(claims.ID)}
	if binding != "" {
		take.Binding = token.Hash([]byte(binding))
	}
	t, err := e.store.Token(ctx, app, take, e.now())
	return e.openAttempt(take, t, err)
}

func (e *Engine) openAttempt(take Take, t Token, err error) (found, error) {
	switch {
	case errors.Is(err, ErrNotFound):
		return found{}, invalidToken()
	case err != nil:
		return found{}, unavailable(fmt.Errorf("read a link: %w", err))
	}
	got := found{take: take}
	plain, err := e.ring.Open(t.Data, tokenAAD(t.App, take.Kind, take.Hash))
	if err != nil {
		return found{}, invalidToken()
	}
	if err := json.Unmarshal(plain, &got.data); err != nil {
		return found{}, invalidToken()
	}
	return got, nil
}

// findCode counts an attempt at a code, before anything is spent, so that a refusal
// later takes no attempt back. A wrong binding finds nothing, and counts nowhere.
func (e *Engine) findCode(ctx context.Context, app uuid.UUID, in LinkProof) (found, error) {
	id, ok := bindingID(in.Binding)
	email, err := checkEmail(in.Email)
	if err != nil {
		return found{}, err
	}
	if !ok || len(in.Code) != 6 {
		return found{}, invalidToken()
	}
	take := Take{Kind: linkKind, Hash: token.Hash(id), Binding: token.Hash([]byte(in.Binding))}
	t, err := e.store.Token(ctx, app, take, e.now())
	got, err := e.openAttempt(take, t, err)
	if err != nil {
		return found{}, err
	}
	if got.data.Email != email {
		return found{}, invalidToken() // the binding is another address's: a wrong one
	}
	// The day is in the key, and within a day nothing is given back by time.
	daily := e.by(limitCodeEmail, e.now().Format(time.DateOnly)+" "+email)
	switch err := e.hit(ctx, app, daily); {
	case errors.Is(err, CodeRateLimited):
		return found{}, invalidToken() // links only, from here on
	case err != nil:
		return found{}, err
	}
	t, err = e.store.TryToken(ctx, app, take, e.codeProof(app, id, email, in.Code), linkTries, e.now())
	if got, err = e.openAttempt(take, t, err); err != nil {
		return found{}, err
	}
	daily.Cost = -1 // a right code is no wrong one
	return got, e.hit(ctx, app, daily)
}

// sameText compares secrets in constant time.
func sameText(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
