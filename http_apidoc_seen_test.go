package authkit_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/tools/apidoc"
)

// apiDocument is openapi.json.
var apiDocument = sync.OnceValues(func() (apidoc.Document, error) {
	b, err := os.ReadFile("openapi.json")
	if err != nil {
		return nil, fmt.Errorf("read the API document: %w", err)
	}
	var d apidoc.Document
	return d, json.Unmarshal(b, &d)
})

// documented holds an answer against the API document: its status, headers, cookies, media type
// and body. Every answer that the tests' client gets is checked, and so are those of the fuzz tests.
func documented(t testing.TB, r *http.Request, got *httptest.ResponseRecorder) {
	t.Helper()
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(r.URL.Path, "/id")
	operations, params := d.Find(path)
	method := strings.ToLower(r.Method)
	switch r.Method {
	case http.MethodHead:
		method = "get"
	case strings.ToUpper(method):
	default: // a method is case-sensitive (RFC 9110, section 9.1): "GEt" is another one than GET
		return
	}
	operation, ok := operations[method].(map[string]any)
	ofRoute := ok && r.URL.Path != path && r.URL.EscapedPath() == r.URL.Path && !httpio.Unclean(path) && (path == "/apps/" || !strings.HasSuffix(path, "/"))
	if !ofRoute {
		return
	}
	for _, bad := range undocumented(d, operation, params, got, r.Method == http.MethodHead) {
		t.Errorf("%s %s, answered %d: the API document does not have it so: %s", r.Method, r.URL, got.Code, bad)
	}
}

// undocumented returns what of an answer the document does not have.
func undocumented(d apidoc.Document, operation map[string]any, params map[string]string, got *httptest.ResponseRecorder, head bool) (bad []string) {
	responses, _ := operation["responses"].(map[string]any)
	response := d.Resolve(responses[strconv.Itoa(got.Code)])
	if response == nil {
		return []string{"the status"}
	}
	headers, _ := response["headers"].(map[string]any)
	for name := range got.Header() {
		if name != "Content-Type" && name != "Content-Length" && !slices.ContainsFunc(slices.Collect(maps.Keys(headers)), func(known string) bool { return strings.EqualFold(known, name) }) {
			bad = append(bad, "the header "+name)
		}
	}
	for _, cookie := range got.Result().Cookies() {
		name := strings.TrimPrefix(strings.TrimPrefix(cookie.Name, "__Host-"), "authkit-")
		if cookie.MaxAge >= 0 && name != "b" && name != "d" && name != params["app_id"] { // former ones are deleted
			bad = append(bad, "the cookie "+cookie.Name)
		}
	}
	content, _ := response["content"].(map[string]any)
	kind, _, _ := mime.ParseMediaType(got.Header().Get("Content-Type"))
	if got.Body.Len() == 0 && (head || len(content) == 0 || kind == "application/x-ndjson" || got.Code == http.StatusOK && kind == "") {
		return bad
	}
	media, ok := content[kind].(map[string]any)
	if !ok {
		return append(bad, "the media type "+kind)
	}
	if !strings.HasSuffix(kind, "json") || kind == "application/x-ndjson" {
		return bad
	}
	var body any
	if err := json.Unmarshal(plainBody(got), &body); err != nil {
		return append(bad, err.Error())
	}
	return append(bad, d.Check(media["schema"], body)...)
}

// plainBody returns the body of an answer without its content coding; empty: it is broken.
func plainBody(got *httptest.ResponseRecorder) []byte {
	text := got.Body.Bytes()
	if got.Header().Get("Content-Encoding") != "gzip" {
		return text
	}
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	text, err = io.ReadAll(r)
	if err != nil {
		return nil
	}
	return text
}

// This test checks the check: an answer that differs from the document is found.
func TestAnUndocumentedAnswerIsFound(t *testing.T) {
	t.Parallel()
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	const good = `{"user_id":"019cb73d-3218-7de1-8180-14757044eddf","email":"ann@example.com","email_verified":true,"name":null,"auth_method":"oauth","last_login":null,"created_at":"2026-03-04T05:06:07Z","metadata":{},"roles":[]}`
	const refusal = `{"type":"x","title":"x","status":401,"code":"invalid_token","detail":"x","request_id":"x"}`
	operations, _ := d.Find("/auth/me/x")
	operation, _ := operations["get"].(map[string]any)
	for name, c := range map[string]struct {
		status             int
		header, kind, body string
		want               string
	}{
		"as documented":          {200, "", "application/json", good, ""},
		"a refusal":              {401, "WWW-Authenticate", "application/problem+json", refusal, ""},
		"a refusal as a page":    {401, "", "text/html", "<p>", ""},
		"another status":         {201, "", "application/json", good, "the status"},
		"another header":         {200, "X-Other", "application/json", good, "the header X-Other"},
		"another media type":     {200, "", "text/plain", good, "the media type text/plain"},
		"a member too many":      {200, "", "application/json", strings.Replace(good, "{", `{"more":1,`, 1), "the member more is not described"},
		"a member too few":       {200, "", "application/json", strings.Replace(good, `"name":null,`, "", 1), "name is missing"},
		"a member of other type": {200, "", "application/json", strings.Replace(good, "true", `"yes"`, 1), ".email_verified: yes is not of the type boolean"},
		"a UUID that is not one": {200, "", "application/json", strings.Replace(good, "019c", "019C", 1), `.user_id: "019Cb73d-3218-7de1-8180-14757044eddf" is no UUID`},
		"another code":           {401, "", "application/problem+json", strings.Replace(refusal, "invalid_token", "rate_limited", 1), ".code: rate_limited is none of [invalid_api_key invalid_token unauthenticated]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := httptest.NewRecorder()
			got.Header().Set("Content-Type", c.kind)
			if c.header != "" {
				got.Header().Set(c.header, "x")
			}
			got.WriteHeader(c.status)
			got.Body.WriteString(c.body)
			if bad := strings.Join(undocumented(d, operation, nil, got, false), "; "); bad != c.want {
				t.Errorf("got %q, want %q", bad, c.want)
			}
		})
	}
}
