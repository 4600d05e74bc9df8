package authkit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// OAuthGo is the URL to which the browser has to go, with the state and binding of the flow.
type OAuthGo struct{ URL, State, Binding string }

// stateData is the sealed data of a state's token.
type stateData struct {
	Provider   string `json:"provider"`
	Edition    string `json:"edition"` // of the configuration
	Nonce      string `json:"nonce"`
	Verifier   string `json:"verifier"`
	RedirectTo string `json:"redirect_to,omitempty"`
	Challenge  string `json:"challenge,omitempty"`
	Cookie     bool   `json:"cookie,omitempty"`
	Offer      bool   `json:"offer,omitempty"`

	Until time.Time `json:"until"` // the latest time of the return
}

// departure is a flow to begin at a provider.
type departure struct {
	state   Token     // its kind is set, and its user if the flow links
	session uuid.UUID // the session of a flow that links; the nil UUID: the flow signs in
	browser []byte    // the secret in the binding cookie; nil: there is no cookie

	redirectTo, challenge string // where the flow continues
	cookie                bool   // the session will be in a cookie
	offer                 bool   // the browser may be offered a passkey after the sign-in

	now time.Time
}

// begun is a flow that begins once its state is stored with its data.
type begun struct {
	to    OAuthGo
	state Token
	data  stateData
}

// begin makes a state and the URL at which its flow begins. It stores nothing.
// [CodeProviderError] and [CodeProviderTimeout]: the discovery document for the URL cannot be
// read.
func (p *providers) begin(ctx context.Context, c OAuthConfig, d departure) (begun, error) {
	client, err := p.open(c)
	if err != nil {
		return begun{}, err
	}
	state := newState(d.state.Kind)
	data := stateData{
		Provider: c.Provider, Edition: c.edition(), RedirectTo: d.redirectTo, Challenge: d.challenge, Cookie: d.cookie, Offer: d.offer,
		Nonce: token.Encode(token.Random(macSize)), Verifier: token.Encode(token.Random(macSize)), Until: d.now.Add(stateTTL),
	}
	url, err := p.client.AuthURL(ctx, client, state.String(), data.Nonce, data.Verifier)
	if err != nil {
		return begun{}, providerError(err)
	}
	if d.browser == nil {
		d.browser = token.Random(macSize)
	}
	binding := bindingOf(d.browser, c.App, state.id)
	take := state.take(binding, d.session)
	d.state.App, d.state.Hash, d.state.Proof, d.state.Binding = c.App, take.Hash, take.Hash, take.Binding
	return begun{to: OAuthGo{URL: url, State: state.String(), Binding: binding}, state: d.state, data: data}, nil
}
