package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// metadata holds the members of a discovery document that are used (OpenID Connect Discovery
// 1.0, section 3; RFC 8414, section 2; RFC 9207, section 3).
type metadata struct {
	Issuer, AuthURL, TokenURL, UserInfo, JWKS string

	sendsIss     bool
	auth         string // at the token endpoint
	responseMode string // empty means the default
	algs         []string
}

const maxEndpoint = 2048 // bytes of a URL

// CheckIssuer reads an issuer's discovery document, without a cache. An error of the kind
// [Misconfigured] means that the issuer cannot work here. An error of another kind means that
// the issuer is out of reach for now, so that nothing is known about it.
func (c *Client) CheckIssuer(ctx context.Context, issuer string) error {
	err := c.rules.CheckURL(issuer)
	if err == nil && strings.ContainsAny(issuer, " ?#") { // RFC 8414, section 2: it has no query
		err = errors.New("it holds a space, a query or a fragment")
	}
	if err != nil {
		return &Error{Kind: Misconfigured, Check: "issuer " + quote(issuer), Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_, err = c.askIssuer(ctx, issuerKey{issuer, issuer})
	return err
}

// askIssuer reads a discovery document.
func (c *Client) askIssuer(ctx context.Context, key issuerKey) (*metadata, error) {
	at := strings.TrimSuffix(key.at, "/") + "/.well-known/openid-configuration"
	if err := c.rules.CheckURL(at); err != nil {
		return nil, &Error{Kind: Misconfigured, Check: "issuer " + quote(key.at), Err: err}
	}
	a, err := c.get(ctx, at, "", jsonType)
	switch {
	case err != nil:
		return nil, asError("ask for the discovery document at "+quote(at), permanentFault(err))
	case a.status != 200:
		return nil, statusError("the discovery document at "+quote(at), a.status)
	}
	var said members
	if json.Unmarshal(a.body, &said) != nil || said == nil {
		return nil, finding(Misconfigured, "the discovery document at "+quote(at), "no JSON object", "one")
	}
	return c.readMetadata(said, key.name)
}

// readMetadata checks everything that a sign-in needs.
func (c *Client) readMetadata(said members, issuer string) (*metadata, error) {
	m := &metadata{
		Issuer: said.text("issuer"), AuthURL: said.text("authorization_endpoint"), TokenURL: said.text("token_endpoint"),
		UserInfo: said.text("userinfo_endpoint"), JWKS: said.text("jwks_uri"),
		sendsIss: said.isTrue("authorization_response_iss_parameter_supported"),
	}
	if m.Issuer != issuer { // section 4.3
		return nil, finding(Misconfigured, "the discovery document is of another issuer", quote(m.Issuer), quote(issuer))
	}
	for _, e := range [][2]string{{"authorization_endpoint", m.AuthURL}, {"token_endpoint", m.TokenURL}, {"jwks_uri", m.JWKS}} {
		if err := c.checkEndpoint(e[1]); err != nil {
			return nil, finding(Misconfigured, e[0]+" in the discovery document", quote(e[1]), "a URL that can be requested: "+err.Error())
		}
	}
	if c.checkEndpoint(m.UserInfo) != nil {
		m.UserInfo = "" // it is optional
	}
	return m, errors.Join(
		said.offers("response_types_supported", "code"),
		said.offers("grant_types_supported", "authorization_code"),
		said.offers("code_challenge_methods_supported", "S256"),
		m.chooseAuth(said), m.chooseMode(said), m.chooseAlgs(said),
	)
}

func (c *Client) checkEndpoint(u string) error {
	if len(u) > maxEndpoint {
		return fmt.Errorf("it is longer than %d bytes", maxEndpoint)
	}
	return c.rules.CheckURL(u)
}

// offers refuses a list that lacks a value. An absent list says nothing and is accepted.
func (said members) offers(name, want string) error {
	list, ok := said.list(name)
	if !ok || slices.Contains(list, want) {
		return nil
	}
	return finding(Misconfigured, name+" in the discovery document", quoteList(list), quote(want))
}

// chooseAuth takes the first of the two methods that the list has. Without a list it takes
// Basic (section 3). No second method is tried after it, because a code is sent only once.
func (m *metadata) chooseAuth(said members) error {
	list, ok := said.list("token_endpoint_auth_methods_supported")
	for _, method := range []string{authBasic, authPost} {
		if !ok || slices.Contains(list, method) {
			m.auth = method
			return nil
		}
	}
	return finding(Misconfigured, "token_endpoint_auth_methods_supported in the discovery document", quoteList(list), authBasic+" or "+authPost)
}

// chooseMode asks for a form only if the provider does not offer query.
func (m *metadata) chooseMode(said members) error {
	list, ok := said.list("response_modes_supported")
	switch {
	case !ok, slices.Contains(list, "query"):
	case slices.Contains(list, "form_post"):
		m.responseMode = "form_post"
	default:
		return finding(Misconfigured, "response_modes_supported in the discovery document", quoteList(list), "query or form_post")
	}
	return nil
}

// algorithms use public keys. RFC 8725, section 3.1: never "none", and no client secret as a
// key.
var algorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}

func (m *metadata) chooseAlgs(said members) error {
	list, ok := said.list("id_token_signing_alg_values_supported")
	if !ok {
		m.algs = []string{"RS256"}
		return nil
	}
	m.algs = slices.DeleteFunc(slices.Clone(algorithms), func(alg string) bool { return !slices.Contains(list, alg) })
	if len(m.algs) == 0 {
		return finding(Misconfigured, "id_token_signing_alg_values_supported in the discovery document", quoteList(list), "one of "+strings.Join(algorithms, ", "))
	}
	return nil
}
