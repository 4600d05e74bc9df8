package verify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type claimsKey struct{}

// From returns the claims of the request's token. It works in handlers behind
// [Verifier.Require].
func From(ctx context.Context) (Claims, bool) {
	c, ok := ctx.Value(claimsKey{}).(Claims)
	return c, ok
}

// Require lets a request pass that carries an access token of the app as "Authorization: Bearer
// …". [From] returns its claims. Other requests are answered as authkit answers them, with a
// problem (RFC 9457): 401; 400 if the header itself is malformed; 503 if the keys are not
// available.
func (v *Verifier) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, bad := bearer(r)
		if bad != nil {
			v.refuse(w, *bad)
			return
		}
		c, err := v.Verify(r.Context(), raw)
		switch {
		case errors.Is(err, ErrInvalid):
			v.refuse(w, problem{Status: http.StatusUnauthorized, Code: "invalid_token", Detail: "the access token is not valid"})
		case err != nil:
			v.refuse(w, problem{Status: http.StatusServiceUnavailable, Code: "unavailable", Detail: "the token cannot be checked now; try again"})
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, c)))
		}
	})
}

// bearer returns the token of the Authorization header: a scheme in any case, one space, the
// token. There must be one such header.
func bearer(r *http.Request) (string, *problem) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", noToken()
	}
	scheme, raw, ok := strings.Cut(values[0], " ")
	if len(values) > 1 || !ok || scheme == "" || raw == "" || strings.ContainsAny(raw, " \t") {
		return "", &problem{
			Status: http.StatusBadRequest, Code: "invalid_request",
			Detail: "the Authorization header is not one scheme, one space and one credential",
		}
	}
	if !strings.EqualFold(scheme, "bearer") {
		return "", noToken()
	}
	return raw, nil
}

func noToken() *problem {
	return &problem{Status: http.StatusUnauthorized, Code: "unauthenticated", Detail: "this endpoint wants an access token: Authorization: Bearer …"}
}

// problem is an error as JSON (RFC 9457). The issuer serves the page that Type names.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (v *Verifier) refuse(w http.ResponseWriter, p problem) {
	p.Type, p.Title = v.errors+p.Code, http.StatusText(p.Status)
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	switch p.Code {
	case "unauthenticated":
		header.Set("WWW-Authenticate", `Bearer realm="authkit"`)
	case "invalid_token":
		header.Set("WWW-Authenticate", `Bearer realm="authkit", error="invalid_token"`) // RFC 6750, section 3.1
	case "unavailable":
		header.Set("Retry-After", strconv.Itoa(int(retry/time.Second)))
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number always encode
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // the peer may be gone; there is no one left to tell
}
