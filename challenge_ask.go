package authkit

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/internal/useragent"
	"github.com/authkit-dev/authkit/magiclink"
)

// challengeRequest asks for a challenge.
type challengeRequest struct {
	purpose purpose
	app     App
	browser []byte        // the secret in the asker's binding cookie; may be empty
	data    challengeData // its Asked, Agent and Cookie are set by ask
	user    *User         // whose challenge it is; nil: it is not known yet
	by      Client
	event   Event // its App and IP are set by ask

	// form identifies the form of a page that asks. A second press of it within a minute, for the
	// same address, is answered as the first, and mails nothing. Empty: every request mails.
	form string
}

// press identifies a request that a page makes.
func (in challengeRequest) press() press {
	if in.form == "" {
		return press{}
	}
	return pressOf(in.app.ID, in.browser, "ask "+string(in.purpose.kind), in.form, in.data.Email, in.data.RedirectTo, in.data.Challenge)
}

// ask mails a challenge, unless the address has exhausted its limit of mail. Neither the answer
// nor its time shows that: a refused challenge is written like any other, as a decoy.
func (k *tokens) ask(ctx context.Context, in challengeRequest) (Pending, error) {
	p := in.press()
	if out, ok, err := k.recall(ctx, p); err != nil || ok {
		return Pending{Binding: out.Binding, ExpiresIn: in.purpose.ttl}, err
	}
	now, app, data, ev := k.now(), in.app, in.data, in.event
	ev.App, ev.IP = app.ID, in.by.IP
	data = k.stamped(data, app.ID, in.by, now)
	switch err := k.mail.limits.hit(ctx, app, k.mail.limits.countMail(data)...); {
	case errors.Is(err, CodeRateLimited):
		ev.Result, ev.Reason = "refused", string(CodeRateLimited)
		data.decoy = true
	case err != nil:
		return Pending{}, err
	}
	var riders Riders
	secrets := newChallengeSecrets(app.ID, in.browser)
	k.addChallenge(&riders, newChallenge{purpose: in.purpose, app: app, secrets: secrets, data: data, user: in.user, by: in.by, now: now})
	riders.note(now, ev)
	if p.hash != nil {
		riders.Tokens = append(riders.Tokens, k.outcomeToken(p, outcome{Binding: secrets.binding}, now))
	}
	if err := k.put(ctx, app.ID, riders); err != nil {
		return Pending{}, err
	}
	shown := k.answeredBinding(app.ID, in.purpose.kind, secrets.binding, now.Add(in.purpose.ttl))
	return Pending{Binding: shown, ExpiresIn: in.purpose.ttl}, nil
}

// stamped completes the data of a challenge: who asks for it, and when.
func (k *tokens) stamped(data challengeData, app uuid.UUID, by Client, now time.Time) challengeData {
	data.Asked, data.Agent, data.Cookie, data.asker = now, useragent.Describe(by.UserAgent), by.Cookie, k.asker(app, by)
	return data
}

// asker returns a keyed hash of the asking network. The app stands for it where the address is
// unknown, or was forwarded.
func (k *tokens) asker(app uuid.UUID, by Client) string {
	return token.Encode(k.ring.MAC("mail asker", []byte(cmp.Or(by.gatePeer(), app.String())))[:idSize])
}

// newChallenge describes a challenge that a step makes.
type newChallenge struct {
	purpose purpose
	app     App
	secrets challengeSecrets
	data    challengeData
	user    *User // dies with the Epoch of this user; nil: its user is not known yet
	by      Client
	now     time.Time
}

// slot names the challenges that the new one replaces: those of the same address or, for a change
// of address, of the same user. A decoy replaces no challenge.
func (n newChallenge) slot() []byte {
	switch {
	case n.data.decoy:
		return n.secrets.id
	case n.purpose.kind == forChange.kind || n.purpose.kind == forInvite.kind:
		return n.user.ID[:] // whatever the address: the newest counts
	}
	return []byte(n.data.Email)
}

// addChallenge adds a challenge and its mail to a step.
func (k *tokens) addChallenge(riders *Riders, n newChallenge) {
	p, app := n.purpose, n.app
	t := Token{
		App: app.ID, Kind: p.kind, Hash: token.Hash(n.secrets.id), ExpiresAt: n.now.Add(p.ttl), Most: p.most, Class: int(n.data.Class),
		Binding: token.Hash([]byte(n.secrets.binding)),
		Slot:    token.Encode(k.ring.MAC("link slot", app.ID[:], n.slot())[:idSize]),
	}
	t.Data = k.seal(t, n.data)
	code := n.secrets.code
	if n.data.decoy {
		code = "" // no code is empty
	}
	t.Proof = k.ring.MAC(codeLabel, codeParts(t, n.secrets.id, n.data.Email, code)...)
	if n.user != nil {
		t.UserID, t.Epoch = n.user.ID, n.user.Epoch
	} else if p.kind == forReset.kind {
		t.Proof = nil // no code is right before it is known whose it is
	}
	if p.linkOnly {
		t.Proof = nil
	}
	riders.Tokens = append(riders.Tokens, t)
	if n.user != nil && p.kind == forVerify.kind {
		k.addOwnProof(riders, n, t.ExpiresAt)
	}
	l := k.mail.outbox.causedBy(n.by.Languages, n.by.UserAgent, n.letter(k.link(app.ID, p, n.secrets.id, t.ExpiresAt)))
	k.mail.outbox.queue(riders, app.ID, l, n.now, p.ttl)
}

// letter returns the mail of the challenge.
func (n newChallenge) letter(link string) letter {
	p := n.purpose
	l := letter{
		To: n.data.Typed, Template: p.template, App: n.app.Name, Minutes: int(p.ttl / time.Minute), Code: n.secrets.code, Link: link,
		Decoy: n.data.decoy, Asker: n.data.asker,
	}
	if p.linkOnly {
		l.Code = ""
	}
	if p.kind != forChange.kind { // whose asker is known, and the address may be another person's
		l.Address, l.SignUp = n.data.Email, n.data.PHC != ""
	}
	if n.user == nil && p.waits() {
		l.Attempt, l.Asked = n.secrets.id, &n.data
	}
	return l
}

// link returns the URL of a link that is valid until a time.
func (k *tokens) link(app uuid.UUID, p purpose, id []byte, until time.Time) string {
	raw, err := magiclink.Mint(k.ring.Key(p.key), magiclink.Claims{App: app, ID: id, ExpiresAt: until})
	if err != nil {
		panic("authkit: mint a link: " + err.Error()) // only for a key or an id of another length
	}
	return magiclink.URL(k.mail.baseURL, p.page+app.String(), raw)
}

const codeLabel = "link code"

// codeParts are the inputs of the MAC of a code. The MAC is made under the secret that sealed the
// data of the token, so that a code which was mailed before the secrets changed stays valid, like
// the link beside it.
func codeParts(t Token, id []byte, email, code string) [][]byte {
	return [][]byte{t.App[:], []byte(t.Kind), id, []byte(email), []byte(code)}
}
