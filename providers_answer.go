package authkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/oauth"
)

// providerAnswer is what a provider sends back beside the state (RFC 6749, section 4.1.2; RFC
// 9207, section 2).
type providerAnswer struct{ code, iss, fail string }

// arrival is the person who came from a provider, as the provider describes them.
type arrival struct {
	oauth.Profile

	provider string // the name of the configuration
}

// userName returns the name for a new user; empty: the provider gave no name that a user may
// have.
func (p arrival) userName() string {
	if _, err := naming.User(p.Name); err != nil {
		return ""
	}
	return p.Name
}

// exchangeAnswer asks the provider of a flow who the returned person is. [CodeInvalidToken]: the
// configuration changed since the flow began, or the answer is another provider's;
// [CodeProviderRefused], [CodeProviderError], [CodeProviderTimeout].
func (p *providers) exchangeAnswer(ctx context.Context, app uuid.UUID, in providerAnswer, kept stateData) (arrival, error) {
	config, err := p.configOfFlow(ctx, app, kept)
	if err != nil {
		return arrival{}, err
	}
	client, err := p.open(config)
	if err != nil {
		return arrival{}, err
	}
	if in.fail != "" || in.code == "" {
		return arrival{}, p.failed(ctx, client, in)
	}
	if in.iss == "" {
		if err := p.checkUnnamed(ctx, config); err != nil {
			return arrival{}, err
		}
	}
	profile, err := p.client.Exchange(ctx, client, oauth.Callback{Code: in.code, Iss: in.iss, Nonce: kept.Nonce, Verifier: kept.Verifier})
	if err != nil {
		return arrival{}, providerError(err)
	}
	// A provider may answer slowly, so that the configuration is checked again.
	_, err = p.configOfFlow(ctx, app, kept)
	return arrival{profile, kept.Provider}, err
}

// configOfFlow returns the configuration of a flow, unless it changed since the flow began.
func (p *providers) configOfFlow(ctx context.Context, app uuid.UUID, kept stateData) (OAuthConfig, error) {
	config, err := p.config(ctx, app, kept.Provider)
	if err != nil {
		return OAuthConfig{}, err
	}
	if !config.Enabled || config.edition() != kept.Edition {
		return OAuthConfig{}, invalidToken("the provider's configuration changed since the flow began")
	}
	return config, nil
}

// failed returns the refusal for an answer without a code. Its iss is checked like that of any
// answer (RFC 9207, section 2.4).
func (p *providers) failed(ctx context.Context, client oauth.Config, in providerAnswer) error {
	err := p.client.CheckIss(ctx, client, in.iss)
	if fault, ok := errors.AsType[*oauth.Error](err); ok && fault.Kind == oauth.WrongIssuer {
		return providerError(fault)
	}
	if in.fail == "" {
		return providerRefused("", errors.New("the provider's answer has neither a code nor an error"))
	}
	return providerRefused(in.fail, fmt.Errorf("the provider answers error %s", oauth.LoggableCode(in.fail, client.ClientSecret)))
}

// noState refuses a state that cannot be used: with [CodeProviderNotConfigured] if the app has no
// such provider, and as refused says otherwise.
func (p *providers) noState(ctx context.Context, app uuid.UUID, provider string, refused *Error) error {
	if _, err := p.enabled(ctx, app, provider); err != nil {
		return err
	}
	return refused
}

// providerError translates a fault at the provider into a code of the contract.
func providerError(err error) error {
	fault, ok := errors.AsType[*oauth.Error](err)
	switch {
	case ok && fault.Kind == oauth.Refused:
		return providerRefused(fault.Code, err)
	case ok && fault.Kind == oauth.WrongIssuer:
		return invalidToken("the provider's answer names another issuer").because(err).with(ReasonWrongIssuer)
	case ok && fault.Kind == oauth.Timeout:
		return &Error{Code: CodeProviderTimeout, Detail: "the provider did not answer in time", Err: err}
	}
	return &Error{Code: CodeProviderError, Detail: "the provider cannot be reached, or its answer cannot be used", Err: err}
}

func providerRefused(code string, err error) error {
	if !oauth.KnownErrorCode(code) {
		code = ""
	}
	return &Error{Code: CodeProviderRefused, Detail: "the provider refused the sign-in", ProviderCode: code, Err: err}
}
