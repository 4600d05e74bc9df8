package authkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Each route of factors refuses by the rules that come first: 405, 403 of another origin, 401, 404 of the app,
// 403 of a session that is not fresh, 429, 415, 413, 400.
func TestOrderOfChecksOfFactors(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const evil, opaque, text = "Origin: https://evil.example", "Origin: null", "Content-Type: text/plain"
	p := s.member(t, "ann@example.com")
	p.enrolTOTP(t)
	passkeyID := p.enrolPasskey(t).text(t, "id")
	s.clock.Advance(11 * time.Minute)
	stale, huge, none := bearer(p.token), `{"x":"`+strings.Repeat("x", 64<<10)+`"}`, uuid.NewString()
	ofUser := map[string]bool{stepUp: true, recoveryCodes: true}
	fresh, public := map[string]bool{recoveryCodes: true}, map[string]bool{passkeyBegin: true, passkeyFinish: true, secondFactor: true}
	full := s.from("198.51.100.9:1")
	for range 100 { // exhausts the limits of proofs, credentials and ceremonies
		full.send("POST", s.in(secondFactor), `{}`)
		full.send("POST", s.in("/auth/credentials/{app_id}"), `{}`)
		full.send("POST", s.in(passkeyBegin), `{"x":1}`)
	}
	type request struct {
		w                  *world
		method, path, body string
		headers            []string
	}
	check := func(what string, r request, status int, code string) {
		t.Helper()
		got := r.w.send(r.method, r.path, r.body, r.headers...)
		if said, _ := got.body["code"].(string); got.Code != status || said != code {
			t.Errorf("%s %s: %s: got %d %s, want %d %s", r.method, r.path, what, got.Code, said, status, code)
		}
	}
	for _, route := range []string{passkeyBegin, passkeyFinish, newPasskeyBegin, newPasskeyEnd, totpBegin, totpFinish, secondFactor, recoveryCodes, stepUp} {
		at, elsewhere := s.in(route), strings.Replace(route, "{app_id}", none, 1)
		check("the method before the origin", request{s.world, "PUT", at, `{}`, []string{evil}}, 405, "method_not_allowed")
		check("the origin before the credential", request{s.world, "POST", at, `{}`, []string{evil, "Authorization: a b c"}}, 403, "forbidden")
		check("no origin before the app", request{s.world, "POST", elsewhere, `{}`, []string{opaque}}, 403, "forbidden")
		if !public[route] {
			check("the header before the app", request{s.world, "POST", elsewhere, `{}`, []string{"Authorization: a b c"}}, 400, "invalid_request")
		}
		if ofUser[route] {
			check("the credential before the app", request{s.world, "POST", elsewhere, `{}`, []string{text}}, 401, "unauthenticated")
			check("the app before the type", request{s.world, "POST", elsewhere, `{}`, []string{text, stale}}, 404, "app_not_found")
		} else {
			check("the app before the type", request{s.world, "POST", elsewhere, `{}`, []string{text}}, 404, "app_not_found")
		}
		in := []string{stale}
		if fresh[route] {
			check("the fresh sign-in before the limit", request{full, "POST", at, `{}`, []string{stale, text}}, 403, "reauthentication_required")
			continue
		}
		check("the limit before the type", request{full, "POST", at, `{}`, append(in, text)}, 429, "rate_limited")
		check("the limit before the size", request{full, "POST", at, huge, in}, 429, "rate_limited")
		check("the type before the size", request{s.world, "POST", at, huge, append(in, text)}, 415, "unsupported_media_type")
		check("the size before what is in it", request{s.world, "POST", at, huge, in}, 413, "body_too_large")
		check("an unknown member", request{s.world, "POST", at, `{"nonsense":1}`, in}, 400, "invalid_request")
		check("a member twice", request{s.world, "POST", at, `{"code":"1","code":"2"}`, in}, 400, "invalid_request")
	}
	for _, r := range [][2]string{{"PATCH", passkeyList + "/" + passkeyID}, {"DELETE", passkeyList + "/" + passkeyID}, {"DELETE", totpOne}} {
		at := s.in(r[1])
		check("the origin before the credential", request{s.world, r[0], at, "", []string{evil}}, 403, "forbidden")
		check("no origin before the credential", request{s.world, r[0], at, "", []string{opaque}}, 403, "forbidden")
		check("the credential before the app", request{s.world, r[0], strings.Replace(r[1], "{app_id}", none, 1), "", nil}, 401, "unauthenticated")
		check("the app before the fresh sign-in", request{s.world, r[0], strings.Replace(r[1], "{app_id}", none, 1), "", []string{stale}}, 404, "app_not_found")
		if r[0] == "DELETE" {
			check("the fresh sign-in", request{s.world, r[0], at, "", []string{stale}}, 403, "reauthentication_required")
		}
	}
	s.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	b := s.visitor()
	b.presses(p.signsIn(b, ""), "second", "code="+p.code()).want(t, 303, "")
	for _, route := range []string{stepUp, recoveryCodes, totpBegin, newPasskeyBegin} {
		for _, from := range []string{evil, opaque, "Sec-Fetch-Site: same-site"} {
			b.send("POST", route, `{}`, from).want(t, 403, "forbidden")
		}
	}
}
