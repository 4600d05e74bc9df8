package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// tokens are the tokens in an answer of a token endpoint.
type tokens struct{ access, id string }

// redeem sends a code to the token endpoint once. It is never sent again, because the provider
// may have spent the code even if the request failed (RFC 6749, section 4.1.3).
func (c *Client) redeem(ctx context.Context, p *provider, cfg Config, back Callback) (tokens, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Code}, "redirect_uri": {cfg.RedirectURI}, "code_verifier": {back.Verifier},
	}
	if p.auth == authPost {
		form.Set("client_id", cfg.ClientID)
		form.Set("client_secret", cfg.ClientSecret)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, asError("ask for a token", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", jsonType)
	if p.auth != authPost {
		r.SetBasicAuth(url.QueryEscape(cfg.ClientID), url.QueryEscape(cfg.ClientSecret)) // RFC 6749, section 2.3.1
	}
	a, err := c.do(r)
	if err != nil {
		return tokens{}, asError("ask for a token", err)
	}
	said := readTokens(a.body)
	if said.has("error") {
		return tokens{}, tokenRefusal(a.status, said.text("error"), cfg.ClientSecret, back.Code, back.Verifier)
	}
	if a.status < 200 || a.status > 299 {
		return tokens{}, &Error{Kind: Broken, Check: "the token endpoint's answer", Seen: fmt.Sprintf("status %d", a.status), Want: "status 200"}
	}
	return tokens{access: said.text("access_token"), id: said.text("id_token")}, nil
}

// readTokens reads JSON or a form, whatever the media type says. GitHub sends either, and
// others send JSON as text. A body in another form has no members.
func readTokens(body []byte) members {
	body = bytes.TrimSpace(body)
	var said members
	if bytes.HasPrefix(body, []byte("{")) {
		if json.Unmarshal(body, &said) != nil {
			return nil
		}
		return said
	}
	said = members{}
	values, _ := url.ParseQuery(string(body)) // as far as it can be read
	for name := range values {
		if raw, err := json.Marshal(values.Get(name)); err == nil {
			said[name] = raw
		}
	}
	return said
}

// tokenRefusal returns the error for a refusal of the token endpoint. A fault of the person,
// such as a spent code, is Refused. What only the developer or the provider can mend is Broken.
// The text beside the provider's code is left out: it may repeat the request.
func tokenRefusal(status int, code string, secrets ...string) *Error {
	e := &Error{
		Kind: Refused, Check: "the token endpoint refuses the code",
		Seen: fmt.Sprintf("status %d, error %s", status, LoggableCode(code, secrets...)), Want: "a token",
	}
	if KnownErrorCode(code) {
		e.Code = code
	}
	if status >= 500 || status == http.StatusTooManyRequests || code == "" || isConfigurationFault(code) ||
		(status == http.StatusUnauthorized && e.Code == "") { // section 5.2: the client is not known
		e.Kind = Broken
	}
	return e
}

// isConfigurationFault reports whether a code is about the client or the provider: a code of
// RFC 6749, section 5.2, other than those about the grant, or one of GitHub's.
func isConfigurationFault(code string) bool {
	return slices.Contains([]string{
		"invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "unsupported_response_type", "invalid_scope",
		"server_error", "temporarily_unavailable", "incorrect_client_credentials", "redirect_uri_mismatch", "application_suspended",
	}, code)
}
