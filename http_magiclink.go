package authkit

import (
	"net/http"
	"slices"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// linkBody asks for a mail with a link and a code.
type linkBody struct {
	Email string `json:"email" api:"required"` // the user's address

	// RedirectTo is where the browser goes after the sign-in: one of the app's redirect_urls.
	RedirectTo string `json:"redirect_to"`

	// Challenge is the S256 challenge of a verifier, which the one-time code then needs (RFC
	// 7636). One is required with a redirect_to of another origin, unless the session is held in a
	// cookie.
	Challenge string `json:"code_challenge"`
}

// pendingJSON says that a proof is on its way by mail, if anything was to be mailed.
type pendingJSON struct {
	Success bool `json:"success"` // always true

	// Binding is the secret of the asker, which goes with the code of the mail. A browser has it
	// as a cookie too.
	Binding string `json:"binding"`

	ExpiresIn int `json:"expires_in"` // in how many seconds the link and the code expire
}

func requestLink(c *call, in linkBody) (jsonResponse, error) {
	browser := c.browser.bind()
	got, err := c.e.RequestMagicLink(c.ctx(), MagicLinkRequest{
		App: c.app.ID, Email: in.Email, RedirectTo: in.RedirectTo, CodeChallenge: in.Challenge, Browser: browser, Device: c.browser.device(), Client: c.client,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return pendingResponse(got), nil
}

// pendingResponse answers 202, whether or not a proof was mailed.
func pendingResponse(p Pending) jsonResponse {
	return jsonResponse{http.StatusAccepted, pendingJSON{true, p.Binding, int(p.ExpiresIn / time.Second)}}
}

// openLink shows a page with a button. GET redeems the link only for a client that accepts only
// JSON, which mail scanners and prefetching browsers do not.
func openLink(c person) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	raw := values.Get("token")
	if c.r.Method == http.MethodGet && httpio.AcceptsJSONOnly(c.r) && !httpio.Prefetch(c.r) && c.sameSite() {
		if raw == "" {
			return invalidToken("the token is missing").with(ReasonMalformed) // no code is taken here
		}
		got, err := c.e.RedeemMagicLink(c.ctx(), MagicLinkProof{App: c.app.ID, Token: raw, Browser: c.browser.secret(), Client: c.client, bearer: true})
		if err != nil {
			return err
		}
		return c.writeJSON(http.StatusOK, toSignInJSON(got))
	}
	return signInLink.show(c, raw, nil)
}

// sameSite reports whether the request does not come from a foreign page.
func (c *call) sameSite() bool {
	switch c.r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	return slices.Contains(c.app.Settings.Origins, c.r.Header.Get("Origin"))
}

// mailedProof is a link, by its token, or a code with the address and the binding.
type mailedProof struct {
	Token   string `json:"token"`   // the token of the link
	Email   string `json:"email"`   // the address that was written to
	Code    string `json:"code"`    // the six digits of the mail
	Binding string `json:"binding"` // that of the answer to the request for the mail
}

// check refuses a request with no proof or with two.
func (in mailedProof) check() error {
	switch {
	case in.Token != "" && (in.Email != "" || in.Code != ""):
		return invalid("token", "ambiguous", "the request has token, and email or code as well; send one or the other")
	case in.Token == "" && in.Code == "":
		return invalid("token", "required", "send token, or code and what goes with it")
	}
	return nil
}

// linkProof redeems a magic link, or its code.
type linkProof struct {
	mailedProof

	// KeepPassword keeps the password and the name that were set at the sign-up, in the browser that
	// signed up and asked for the link, if the address was not proven before. Otherwise they go. Set
	// it only if the person says so.
	KeepPassword bool `json:"keep_password"`
}

func redeemProof(c *call, in linkProof) (jsonResponse, error) {
	if err := in.check(); err != nil {
		return jsonResponse{}, err
	}
	got, err := c.e.RedeemMagicLink(c.ctx(), MagicLinkProof{
		App: c.app.ID, Token: in.Token, Email: in.Email, Code: in.Code, Binding: in.Binding, Browser: c.browser.secret(), Client: c.client,
		KeepPassword: in.KeepPassword, Device: c.browser.device(),
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return c.signedIn(got), nil
}

// exchangeBody exchanges a one-time code for a sign-in.
type exchangeBody struct {
	Code string `json:"code" api:"required"` // the one-time code that redirect_to was given

	// Verifier is that of the flow's code_challenge (RFC 7636). It is required where the flow had
	// one.
	Verifier string `json:"code_verifier"`
}

func exchangeCode(c *call, in exchangeBody) (jsonResponse, error) {
	if in.Code == "" {
		return jsonResponse{}, invalid("code", "required", "code is missing")
	}
	got, err := c.e.ExchangeCode(c.ctx(), CodeExchange{App: c.app.ID, Code: in.Code, Verifier: in.Verifier, Browser: c.browser.secret(), Client: c.client})
	if err != nil {
		return jsonResponse{}, err
	}
	return c.signedIn(got), nil
}
