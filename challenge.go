package authkit

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/internal/useragent"
	"github.com/authkit-dev/authkit/magiclink"
)

const (
	codeTries = 5 // at a code, an attempt
	idSize    = 16
	macSize   = 32
)

// purpose is what a mailed proof is for. Each has a kind, a key and a page of its own, so
// that none works in the place of another.
type purpose struct {
	kind     TokenKind
	key      string // what the link's key is derived for
	template string // of the mail
	page     string // where the link goes; the app's id follows
	ttl      time.Duration
	most     int // live attempts of one class of askers in a slot: an address, or a user who changes it
}

// The proofs that are mailed.
var (
	forSignIn = purpose{kind: "link", key: "magic link", template: "magic_link", page: "/auth/verify/", ttl: 10 * time.Minute, most: 5}
	forReset  = purpose{kind: "reset", key: "reset link", template: "password_reset", page: "/auth/password/reset/", ttl: 30 * time.Minute, most: 1}
	forVerify = purpose{kind: "verify", key: "verify link", template: "email_verify", page: "/auth/email/verify/", ttl: 10 * time.Minute, most: 5}
	forChange = purpose{kind: "change", key: "change link", template: "email_change", page: "/auth/email/confirm/", ttl: 10 * time.Minute, most: 1}
)

// Pending is the answer to whatever mails a proof. Binding is the asker's secret: with
// it, and only with it, the code in the mail can be redeemed.
type Pending struct {
	Binding   string
	ExpiresIn time.Duration
}

// attempt is what a proof's token keeps, sealed.
type attempt struct {
	Email      string `json:"email"`
	Typed      string `json:"typed"`
	RedirectTo string `json:"redirect_to,omitempty"`
	Challenge  string `json:"challenge,omitempty"`

	Cookie bool `json:"cookie,omitempty"` // the asker chose a session that a cookie holds

	Asked time.Time `json:"asked,omitzero"`
	Agent string    `json:"agent,omitempty"` // of a fixed list

	Was string `json:"was,omitempty"` // the address before, of a change

	// Bare says that the account had no password when it was asked for. A first one ends no
	// session, and so no Epoch: a proof that dies with any change of the password looks here.
	Bare flag `json:"bare"`

	// What a sign-up waits with until the proof is redeemed by the one who asked.
	Name string `json:"name,omitempty"`
	PHC  string `json:"phc,omitempty"`

	// Class is whose share of an address the asker has.
	Class class `json:"class"`

	device []byte // the id of the known device that asks
	asker  string // a keyed hash of the network that asks
	proven bool   // the session that asks is of an account which has proven the address

	// decoy is an attempt that only takes the time of one: nothing leaves and no code is right.
	decoy bool
}

// flag is a truth of one size, written either way: the length of what is kept is that of
// every other account's.
type flag byte

func flagged(v bool) flag {
	if v {
		return 1
	}
	return 0
}

// attemptSecrets are what a proof's three readers hold: the mail, the typist, the asker.
type attemptSecrets struct {
	id      []byte
	code    string
	binding string
}

func newAttempt(app uuid.UUID, browser []byte) attemptSecrets {
	id := token.Random(idSize)
	if len(browser) == 0 {
		browser = token.Random(macSize)
	}
	return attemptSecrets{id: id, code: sixDigits(), binding: bindingOf(browser, app, id)}
}

// sixDigits is a code of six decimal digits, each as likely as any other.
func sixDigits() string {
	const codes = 1_000_000
	for {
		n := binary.BigEndian.Uint32(token.Random(4))
		if n < math.MaxUint32/codes*codes { // the rest would make some codes likelier
			return fmt.Sprintf("%06d", n%codes)
		}
	}
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

// ask mails a proof, unless the address has had its share of mail. Neither the answer nor
// its time tells: what is refused is written like any other, as a decoy.
func (e *Engine) ask(ctx context.Context, app App, p purpose, browser []byte, data attempt, of *User, by Client, ev Event) (Pending, error) {
	s := newAttempt(app.ID, browser)
	var also Also
	now := e.now()
	ev.App, ev.IP = app.ID, by.IP
	data.Asked, data.Agent, data.Cookie, data.asker = now, useragent.Describe(by.UserAgent), by.Cookie, e.askingNet(app.ID, by)
	switch err := e.limits.hit(ctx, app, e.limits.countMail(data)...); {
	case errors.Is(err, CodeRateLimited):
		ev.Result, ev.Reason = "refused", string(CodeRateLimited)
		data.decoy = true
	case err != nil:
		return Pending{}, err
	}
	if err := e.addProof(&also, app, p, s, data, of, now); err != nil {
		return Pending{}, err
	}
	also.note(now, ev)
	if err := e.store.Put(ctx, app.ID, also); err != nil {
		return Pending{}, storeError(err, app.ID)
	}
	e.outbox.wakeFor(also)
	return Pending{Binding: s.binding, ExpiresIn: p.ttl}, nil
}

// askingNet names the network that asks. The app stands for it where the address is not known, or
// is what a backend tells.
func (e *Engine) askingNet(app uuid.UUID, by Client) string {
	return token.Encode(e.ring.MAC("mail asker", []byte(cmp.Or(by.gatePeer(), app.String())))[:idSize])
}

// addProof adds an attempt and its mail to a step. Of a user, it dies with the Epoch.
func (e *Engine) addProof(also *Also, app App, p purpose, s attemptSecrets, data attempt, of *User, now time.Time) error {
	link, err := e.mint(app.ID, p, s.id, now.Add(p.ttl))
	if err != nil {
		return err
	}
	hash := token.Hash(s.id)
	t := Token{
		App: app.ID, Kind: p.kind, Hash: hash, ExpiresAt: now.Add(p.ttl), Most: p.most, Class: int(data.Class),
		Binding: token.Hash([]byte(s.binding)),
	}
	t.Data = e.tokens.seal(t, data)
	subject := []byte(data.Email)
	if of != nil {
		t.UserID, t.Epoch = of.ID, of.Epoch
	}
	if p.kind == forChange.kind {
		subject = of.ID[:] // whatever the address: the newest counts
	}
	code := s.code
	if data.decoy { // in a slot of its own, where it displaces none that is alive
		subject, code = s.id, "" // no code is empty
	}
	if t.Proof, err = e.codeProof(t, p, s.id, data.Email, code); err != nil {
		return err
	}
	t.Slot = token.Encode(e.ring.MAC("link slot", app.ID[:], subject)[:idSize])
	also.Tokens = append(also.Tokens, t)
	l := letter{To: data.Typed, Template: p.template, App: app.Name, Minutes: int(p.ttl / time.Minute), Code: s.code, Link: link}
	if p.kind != forChange.kind { // whose asker is known, and the address anybody's
		l.Address, l.SignUp = data.Email, data.PHC != ""
	}
	if of == nil && p.waits() {
		l.Attempt = s.id
	}
	if of == nil && p.kind == forReset.kind { // no code is right before it is known whose
		also.Tokens[len(also.Tokens)-1].Proof = nil
	}
	l.Decoy, l.Asker = data.decoy, data.asker
	e.outbox.queue(also, app.ID, l, now, p.ttl)
	return nil
}

// mint makes the URL of a link.
func (e *Engine) mint(app uuid.UUID, p purpose, id []byte, until time.Time) (string, error) {
	raw, err := magiclink.Mint(e.ring.Key(p.key), magiclink.Claims{App: app, ID: id, ExpiresAt: until})
	if err != nil {
		return "", &Error{Code: CodeInternal, Detail: "the link cannot be made", Err: err}
	}
	return magiclink.URL(e.cfg.BaseURL, p.page+app.String(), raw), nil
}

// codeProof is what a token keeps of its code, under the secret that sealed its data: a code
// that was mailed before the secrets changed is as good as the link beside it.
func (e *Engine) codeProof(t Token, p purpose, id []byte, email, code string) ([]byte, error) {
	mac, err := e.ring.MACFor(t.Data, "link code", t.App[:], []byte(p.kind), id, []byte(email), []byte(code))
	if err != nil {
		return nil, &Error{Code: CodeInternal, Detail: "the code cannot be kept", Err: err}
	}
	return mac, nil
}

// proof is what somebody shows: the token of a link, or the code beside it.
type proof struct {
	token   string
	email   string // with code; empty: the binding alone tells whose
	typed   string // email as it was given
	code    string
	binding string // wanted with code, checked with token when given
}

// shown is the proof that a request shows. The address goes with a code alone.
func shown(token, email, code, binding string) (proof, error) {
	by := proof{token: token, code: code, binding: binding}
	if token != "" {
		return by, nil
	}
	var err error
	by.typed = email
	by.email, err = checkEmail(email)
	return by, err
}

// found is an attempt that can be spent.
type found struct {
	take  Take
	id    []byte
	data  attempt
	user  uuid.UUID // the nil UUID: of nobody yet
	bound []byte    // hash of the asker's secret

	// spelled is the address as the one who redeems the proof wrote it; empty: not known. Who
	// asked for the proof may be another, and spell it as that one likes.
	spelled string
}

// from is the proof as a browser redeems it, which may be the one that asked.
func (f found) from(browser []byte, app uuid.UUID) found {
	if f.spelled == "" && f.askedBy(browser, app) {
		f.spelled = f.data.Typed
	}
	return f
}

// address is how the address of a proof is shown from then on.
func (f found) address() string { return cmp.Or(f.spelled, f.data.Email) }

// askedBy says whether a browser's secret is the one of whoever asked for the proof.
func (f found) askedBy(browser []byte, app uuid.UUID) bool {
	return len(browser) > 0 && hmac.Equal(f.bound, token.Hash([]byte(bindingOf(browser, app, f.id))))
}

// elsewhere reports whether a one-time code would be of no use in a browser: the verifier of
// the challenge is where the proof was asked for (RFC 7636, section 4.5).
func (f found) elsewhere(browser []byte, app uuid.UUID) bool {
	return f.data.Challenge != "" && !f.askedBy(browser, app)
}

// keeps is the client that redeems, with the choice of the one that asked.
func (f found) keeps(by Client) Client {
	by.Cookie = by.Cookie || f.data.Cookie
	return by
}

// outdated says whether an account was given its first password since.
func (f found) outdated(account *Account) bool { return f.data.Bare == 1 && account.password() != "" }

// find looks for the attempt of a proof without spending it; a code counts.
func (e *Engine) find(ctx context.Context, app App, p purpose, by proof) (found, error) {
	if by.token != "" {
		return e.findLink(ctx, app.ID, p, by.token, by.binding)
	}
	return e.findCode(ctx, app, p, by)
}

// findLink looks at a link without effect. A binding, if there is one, has to fit.
func (e *Engine) findLink(ctx context.Context, app uuid.UUID, p purpose, raw, binding string) (found, error) {
	claims, err := magiclink.Parse(e.ring.Keys(p.key), raw, app, e.now())
	if err != nil {
		return found{}, invalidToken("the link is malformed, expired or not of this use").because(err)
	}
	take := Take{Kind: p.kind, Hash: token.Hash(claims.ID)}
	if binding != "" {
		take.Binding = token.Hash([]byte(binding))
	}
	t, err := e.store.Token(ctx, app, take, e.now())
	got, err := e.openAttempt(take, claims.ID, t, err)
	if binding != "" {
		got.spelled = got.data.Typed
	}
	return got, err
}

func (e *Engine) openAttempt(take Take, id []byte, t Token, err error) (found, error) {
	switch {
	case errors.Is(err, ErrNotFound):
		return found{}, invalidToken("no such token is alive, or its binding is another")
	case err != nil:
		return found{}, unavailable(fmt.Errorf("read a link: %w", err))
	}
	got := found{take: take, id: id, user: t.UserID, bound: t.Binding}
	return got, e.tokens.open(t, take, &got.data)
}

// findCode counts an attempt at a code, before anything is spent, so that a refusal
// later takes no attempt back. A wrong binding finds nothing, and counts nowhere.
// A code has 20 bits, is good once and for as long as its purpose says: ten minutes, but
// for a reset (OWASP ASVS 5.0, 6.5.1, 6.5.4 and 6.5.5).
func (e *Engine) findCode(ctx context.Context, app App, p purpose, by proof) (found, error) {
	id, ok := bindingID(by.binding)
	if !ok || len(by.code) != 6 {
		return found{}, invalidToken("the binding or the code is malformed")
	}
	take := Take{Kind: p.kind, Hash: token.Hash(id), Binding: token.Hash([]byte(by.binding))}
	t, err := e.store.Token(ctx, app.ID, take, e.now())
	got, err := e.openAttempt(take, id, t, err)
	if err != nil {
		return found{}, err
	}
	email := got.data.Email
	if by.email != "" && by.email != email {
		return found{}, invalidToken("the binding is another address's") // the binding is another address's: a wrong one
	}
	daily := e.limits.countCode(got, e.now().Format(time.DateOnly))
	switch err := e.limits.hit(ctx, app, daily...); {
	case errors.Is(err, CodeRateLimited):
		return found{}, invalidToken("the address has no attempts left today") // links only, from here on
	case err != nil:
		return found{}, err
	}
	typed, err := e.codeProof(t, p, id, email, by.code)
	if err != nil {
		return found{}, err
	}
	t, err = e.store.TryToken(ctx, app.ID, Try{Take: take, Proof: typed, Max: codeTries}, e.now())
	if got, err = e.openAttempt(take, id, t, err); err != nil {
		return found{}, err
	}
	got.spelled = by.typed
	return got, e.limits.refund(ctx, app, daily...) // only wrong codes count
}

// sameText compares secrets in constant time.
func sameText(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
