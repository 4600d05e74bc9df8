package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// verifier is a resource server that verifies by jose, from the issuer's URL alone.
type verifier struct {
	*program

	now func() time.Time
}

// verified is the result of jose for a token.
type verified struct {
	Payload map[string]any `json:"payload"`
	Error   string         `json:"error"`
}

func (v verifier) verify(issuer, audience, token string) verified {
	v.t.Helper()
	var got verified
	line := v.ask(mustJSON(v.t, map[string]any{"issuer": issuer, "audience": audience, "token": token, "now": v.now()}))
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		v.t.Fatalf("verify.mjs: got %q: %v", line, err)
	}
	return got
}

func TestJOSEVerifiesFromTheIssuerAlone(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, with func(*authkit.Config)) {
		w := setup(t, subpath, with)
		v := verifier{run(t, "verify.mjs"), w.clock.Now}
		app := w.app.ID.String()
		signUp := func(app, email string) answer {
			return w.send("POST", "/auth/credentials/"+app, `{"email":"`+email+`","password":"`+password+`","name":"Ann"}`).want(t, 201, "")
		}
		in := signUp(app, "ann@example.com")
		token := in.text("token")

		got := v.verify(w.issuer(), app, token)
		if got.Error != "" {
			t.Fatalf("token: got %q, want none", got.Error)
		}
		for claim, want := range map[string]any{"sub": in.text("user", "user_id"), "client_id": app, "name": "Ann", "email": nil} {
			if got.Payload[claim] != want {
				t.Errorf("%s: got %v, want %v", claim, got.Payload[claim], want)
			}
		}

		other, _, err := w.engine.CreateApp(t.Context(), w.devID, "Other")
		if err != nil {
			t.Fatal(err)
		}
		foreign := signUp(other.ID.String(), "ann@example.com").text("token")
		w.send("POST", w.at("/auth/magic-link"), `{"email":"ann@example.com"}`).want(t, 202, "")
		w.work(t)
		m, _ := w.outbox.Last("ann@example.com")
		_, link, _ := strings.Cut(mail.Link(m), "?token=")

		for name, c := range map[string]struct{ issuer, audience, token, want string }{
			"a changed claim":              {w.issuer(), app, withClaim(t, token, "name", "Eve"), "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"},
			"a changed signature":          {w.issuer(), app, withSignature(token), "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"},
			"a token of another app":       {w.issuer(), app, foreign, "ERR_JWKS_NO_MATCHING_KEY"},
			"a token for another audience": {w.issuer(), other.ID.String(), token, "ERR_JWT_CLAIM_VALIDATION_FAILED"},
			"a link":                       {w.issuer(), app, link, "ERR_JOSE_ALG_NOT_ALLOWED"},
			"its own app's issuer":         {w.base + "/apps/" + other.ID.String(), other.ID.String(), foreign, ""},
		} {
			if got := v.verify(c.issuer, c.audience, c.token); got.Error != c.want {
				t.Errorf("%s: got %q %v, want %q", name, got.Error, got.Payload, c.want)
			}
		}
		w.clock.Advance(time.Hour)
		if got := v.verify(w.issuer(), app, token); got.Error != "ERR_JWT_EXPIRED" {
			t.Errorf("an hour later: got %q, want ERR_JWT_EXPIRED", got.Error)
		}
	})
}

// withClaim returns a token with another claim under the same signature.
func withClaim(t *testing.T, token, claim, value string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	claims[claim] = value
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(mustJSON(t, claims)))
	return strings.Join(parts, ".")
}

// withSignature returns a token whose signature differs in its first bits, which are not
// padding.
func withSignature(token string) string {
	i := strings.LastIndex(token, ".") + 1
	first := "A"
	if token[i:i+1] == first {
		first = "B"
	}
	return token[:i] + first + token[i+1:]
}
