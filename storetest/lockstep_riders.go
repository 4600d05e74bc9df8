package storetest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// riders draws riders: often an empty one, and now and then a rider whose id is taken.
func (l *lockstep) riders(app uuid.UUID) authkit.Riders {
	var riders authkit.Riders
	if l.often(4, "with a token") {
		riders.Tokens = append(riders.Tokens, l.token(app))
	}
	if l.often(3, "with mail") {
		x := authkit.Mail{ID: l.fresh(), Sealed: []byte(strconv.Itoa(l.made)), DueAt: l.soon(), Expires: l.soon().Add(time.Minute)}
		switch {
		case l.often(2, "that never expires"):
			x.Expires = time.Time{}
		case l.often(1, "of a taken id") && len(l.mails) > 0:
			x.ID = draw(l, "mail", l.mails...)
		}
		l.mails = append(l.mails, x.ID)
		riders.Mail = append(riders.Mail, x)
	}
	if l.often(3, "with an event") {
		riders.Events = append(riders.Events, authkit.Event{
			ID: l.fresh(), Time: l.at.Truncate(time.Minute), Type: draw(l, "type", "a", "b"), UserID: l.userOrNone(),
		})
	}
	if l.often(2, "with deliveries") {
		riders.Deliveries = l.deliveries(app)
	}
	riders.Secret = draw(l, "secret", "", "", "", "", "", "", theSecret(), theSecret(), theSecret(), secretID(2))
	return riders
}

// token draws a token. Its slot follows from its name. No two expire at the same time, so that it
// is determined which one is displaced.
func (l *lockstep) token(app uuid.UUID) authkit.Token {
	name := draw(l, "token", "a", "b", "c", "d")
	l.made++
	t := authkit.Token{
		Kind: draw[authkit.TokenKind](l, "kind", "link", "code"), Hash: hash(name), Slot: map[bool]string{true: "low", false: "high"}[name < "c"],
		Data: []byte(strconv.Itoa(l.made)), ExpiresAt: l.soon().Add(time.Minute + time.Duration(l.made)*time.Microsecond),
	}
	if t.Kind == "link" {
		t.Most = 2
	}
	t.Class = draw(l, "class", 0, 0, 1)
	if l.often(8, "with a proof") {
		t.Proof = hash("code")
	}
	if l.often(3, "bound to a browser") {
		t.Binding = hash("browser")
	}
	if l.often(4, "bound to a user") {
		t.UserID = l.userOf(app)
		t.Epoch = l.model(app).users[t.UserID].Epoch - draw[int64](l, "behind", 0, 0, 0, 1)
	}
	return t
}

// take mostly names a token that exists.
func (l *lockstep) take(app uuid.UUID) authkit.Take {
	k := authkit.Take{Kind: draw[authkit.TokenKind](l, "kind", "link", "code"), Hash: hash(draw(l, "token", "a", "b", "c", "d"))}
	tokens := l.model(app).tokens
	if len(tokens) > 0 && l.often(8, "there") {
		ids := slices.SortedFunc(maps.Keys(tokens), func(x, y modelTokenID) int {
			return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.hash, y.hash))
		})
		t := tokens[draw(l, "token", ids...)]
		k = authkit.Take{Kind: t.Kind, Hash: t.Hash, Binding: t.Binding}
	}
	switch {
	case l.often(2, "without a binding"):
		k.Binding = nil
	case l.often(1, "with a wrong binding"):
		k.Binding = hash("other")
	}
	return k
}

func (l *lockstep) subject() authkit.Credential {
	return authkit.Credential{
		Kind: draw(l, "kind", "oauth", "password"), Subject: draw(l, "subject", "1", "2", "3"),
		Data: []byte(draw(l, "data", "x", "y")), CreatedAt: l.at,
	}
}

// userOf mostly draws a user who exists.
func (l *lockstep) userOf(app uuid.UUID) uuid.UUID {
	return drawID(l, "user", l.model(app).users, key(-1), key(-2), key(-3))
}
