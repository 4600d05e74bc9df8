package authkit

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	stateKind     TokenKind = "state"
	linkStateKind TokenKind = "link state"
	stateTTL                = 10 * time.Minute
)

// linkPrefix begins the text of a state whose flow links an identity.
const linkPrefix = "ls_"

// oauthState is the state of a flow at a provider (RFC 6749, section 10.12): what the flow is
// for, and the id of the token that keeps the rest.
//
// The text of a state names its kind, by a prefix and so by its length: the id of a sign-in may
// happen to begin with the letters of the prefix. The callback is one URL for both kinds, and has
// to know before any look-up whether to ask for a session. The text proves nothing: a state is
// looked up as the kind that it names, and is unknown as the other.
type oauthState struct {
	kind TokenKind
	id   []byte // nil: the text is malformed
}

func newState(kind TokenKind) oauthState { return oauthState{kind, token.Random(idSize)} }

// parseState reads the text of a state. A malformed text has a kind but no id.
func parseState(text string) oauthState {
	if id, ok := token.Decode(text, idSize); ok {
		return oauthState{stateKind, id}
	}
	rest, links := strings.CutPrefix(text, linkPrefix)
	if !links {
		return oauthState{kind: stateKind}
	}
	if id, ok := token.Decode(rest, idSize); ok {
		return oauthState{linkStateKind, id}
	}
	return oauthState{kind: linkStateKind}
}

// String returns the text that goes to the provider and comes back from it.
func (s oauthState) String() string {
	if s.links() {
		return linkPrefix + token.Encode(s.id)
	}
	return token.Encode(s.id)
}

// links reports whether the flow links an identity. The other flows sign in.
func (s oauthState) links() bool { return s.kind == linkStateKind }

func (s oauthState) malformed() bool { return s.id == nil }

// take names the token of the state. The binding covers the secret of the browser or client that
// began the flow and, if the flow links, its session: with another session or binding no state is
// found or spent.
func (s oauthState) take(binding string, session uuid.UUID) Take {
	take := Take{Kind: s.kind, Hash: token.Hash(s.id), Binding: token.Hash([]byte(binding))}
	if session != uuid.Nil {
		take.Binding = token.Hash([]byte(binding), session[:])
	}
	return take
}

// reasonOfState is the reason for a state that cannot be claimed. t is what was found of it, if
// anything was. A state of a link is another session's as well as another browser's, and has no
// reason then.
func (k *tokens) reasonOfState(ctx context.Context, app uuid.UUID, take Take, t Token, found bool) (Reason, error) {
	switch {
	case found && !k.now().Before(t.ExpiresAt):
		return ReasonExpired, nil
	case found:
		return ReasonSpent, nil
	case take.Kind == linkStateKind:
		return "", nil
	}
	take.Binding = nil
	_, alive, err := k.peek(ctx, app, take)
	if alive {
		return ReasonWrongBrowser, err
	}
	return "", err
}
