package authkit_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/errordoc"
)

// statuses lists the codes of the HTTP contract.
func statuses() map[authkit.Code]int {
	return map[authkit.Code]int{
		"invalid_request": 400, "provider_refused": 400,
		"invalid_credentials": 401, "invalid_token": 401, "invalid_api_key": 401, "unauthenticated": 401, "mfa_required": 401, "mfa_enrollment_required": 401,
		"forbidden": 403, "reauthentication_required": 403, "signup_disabled": 403, "email_not_verified": 403, "user_disabled": 403,
		"app_not_found": 404, "provider_not_configured": 404, "user_not_found": 404, "session_not_found": 404, "identity_not_found": 404, "not_found": 404,
		"method_not_allowed": 405,
		"app_name_taken":     409, "oauth_config_exists": 409, "apps_remain": 409, "passkeys_remain": 409, "limit_reached": 409, "email_taken": 409, "external_id_taken": 409, "idempotency_conflict": 409, "last_credential": 409, "password_set": 409, "link_required": 409, "email_required": 409,
		"body_too_large": 413, "unsupported_media_type": 415, "weak_password": 422, "rate_limited": 429,
		"internal": 500, "provider_error": 502, "unavailable": 503, "provider_timeout": 504,
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for code, status := range statuses() {
		if got := code.Status(); got != status {
			t.Errorf("%s: got status %d, want %d", code, got, status)
		}
		page := w.send("GET", "/errors/"+string(code), "")
		page.want(t, 200, "")
		for _, part := range []string{string(code), "HTTP status " + strconv.Itoa(status), "Causes", "Fix"} {
			if !strings.Contains(page.Body.String(), part) {
				t.Errorf("/errors/%s: got no %q in it", code, part)
			}
		}
	}
	for _, none := range []string{"nonsense", "Invalid_token", "invalid_token ", "404"} {
		w.send("GET", "/errors/"+strings.ReplaceAll(none, " ", "%20"), "").want(t, 404, "not_found")
	}
	if got := authkit.Code("nonsense").Status(); got != 500 {
		t.Errorf("an unknown code: got status %d, want 500", got)
	}
	t.Run("each that is explained is of the contract", func(t *testing.T) {
		t.Parallel()
		left := statuses()
		for _, doc := range errordoc.All() {
			if _, known := left[authkit.Code(doc.Code)]; !known {
				t.Errorf("%s: got it explained, want a code of the contract", doc.Code)
			}
			delete(left, authkit.Code(doc.Code))
		}
		if len(left) != 0 {
			t.Errorf("codes that are not explained: got %v, want none", left)
		}
	})
	t.Run("the contract lists each that the package has", func(t *testing.T) {
		t.Parallel()
		file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		left := statuses()
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Code") || len(spec.Values) != 1 {
				return true
			}
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if _, known := left[authkit.Code(text)]; err != nil || !known {
				t.Errorf("%s: got %q, %v, want a code of the contract", spec.Names[0].Name, text, err)
			}
			delete(left, authkit.Code(text))
			return true
		})
		if len(left) != 0 {
			t.Errorf("codes without a constant: got %v, want none", left)
		}
	})
}

func TestProblems(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	wrong := map[string][2]string{"a field": {"email", "invalid_email"}, "a weak password": {"password", "too_short"}}
	for name, got := range map[string]answer{
		"a field":         s.send("POST", s.in("/auth/credentials/{app_id}"), `{"email":"ann","password":"x"}`),
		"no field":        s.send("POST", s.in("/auth/credentials/{app_id}"), `[]`),
		"a credential":    s.send("GET", "/apps", ""),
		"an API key":      s.send("GET", s.in("/users/{app_id}"), "", bearer("ak_x")),
		"a token":         s.send("GET", "/apps", "", bearer("x")),
		"a password":      s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", "x", "sign_in")),
		"an origin":       s.send("POST", "/apps", "", "Origin: "+evil),
		"a path":          s.send("GET", "/nothing", ""),
		"a method":        s.send("PUT", "/apps", ""),
		"a weak password": s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", "x", "sign_up")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if kind := got.Header().Get("Content-Type"); kind != "application/problem+json" {
				t.Fatalf("Content-Type: got %q, want application/problem+json", kind)
			}
			code := got.text(t, "code")
			if got.body["type"] != base+"/errors/"+code || got.body["title"] != http.StatusText(got.Code) ||
				got.body["status"] != float64(got.Code) || got.text(t, "detail") == "" || got.text(t, "request_id") == "" {
				t.Errorf("problem: got %s", got.Body)
			}
			if statuses()[authkit.Code(code)] != got.Code {
				t.Errorf("status: got %d for %s", got.Code, code)
			}
			fields, ok := got.body["errors"].([]any)
			want, named := wrong[name]
			if ok != named {
				t.Errorf("errors: got %v", got.body["errors"])
			}
			for _, f := range fields {
				if text, err := json.Marshal(f); err != nil || len(f.(map[string]any)) != 3 || f.(map[string]any)["field"] != want[0] || f.(map[string]any)["code"] != want[1] {
					t.Errorf("errors: got %s, %v", text, err)
				}
			}
			if got.body["provider_code"] != nil {
				t.Errorf("provider_code: got %v, want none", got.body["provider_code"])
			}
		})
	}
}

func TestEvery401SaysHow(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, f := range flows() {
		if f.code == "" {
			continue
		}
		got := s.do(f.ready(s)())
		if challenge := got.Header().Get("WWW-Authenticate"); strings.HasPrefix(challenge, "Bearer ") != (got.Code == 401) {
			t.Errorf("%s: got %d with WWW-Authenticate %q", f.name, got.Code, challenge)
		}
		s.clock.Advance(60e9)
	}
}

func TestErrorsUnwrapToTheirCode(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: w.app.ID, Email: "ann", Password: "x"})
	refusal, ok := errors.AsType[*authkit.Error](err)
	if !errors.Is(err, authkit.CodeInvalidRequest) || errors.Is(err, authkit.CodeInternal) || !ok || len(refusal.Fields) != 1 || refusal.Fields[0].Field != "email" {
		t.Errorf("SignInWithPassword: got %v, want %s with the field", err, authkit.CodeInvalidRequest)
	}
}
