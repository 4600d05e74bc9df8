package authkit_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// liveMembers have secrets and references that are of one flow alone. The example shows their form;
// what is sent has those of a live flow.
var liveMembers = []string{"token", "code", "code_verifier", "binding", "state", "refresh_token", "current_password"}

// example returns the body that the API document shows for a route, and its required members.
func example(t *testing.T, method, pattern string) (body map[string]any, required []any) {
	t.Helper()
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	operations, _ := d.Find(pattern)
	operation, _ := operations[strings.ToLower(method)].(map[string]any)
	request, _ := operation["requestBody"].(map[string]any)
	content, _ := request["content"].(map[string]any)
	media, _ := content["application/json"].(map[string]any)
	if media == nil {
		return nil, nil
	}
	body, _ = media["example"].(map[string]any)
	if bad := d.Check(media["schema"], media["example"]); len(bad) > 0 {
		t.Errorf("%s %s: the example breaks its own schema: %v", method, pattern, bad)
	}
	required, _ = d.Resolve(media["schema"])["required"].([]any)
	return body, required
}

// replay sends a body in the place of the one that a flow sends, with the live members of the
// flow's. It returns false if the flow has not all of them.
func replay(s *stage, last *http.Request, body map[string]any) (answer, bool) {
	s.t.Helper()
	if last.Header.Get("Content-Type") != "application/json" {
		return answer{}, false
	}
	var live map[string]any
	if err := json.NewDecoder(last.Body).Decode(&live); err != nil {
		s.t.Fatal(err)
	}
	body = maps.Clone(body)
	for name := range body {
		of := slices.Contains(liveMembers, name) || name == "email" && body["code"] != nil
		switch {
		case of && live[name] != nil:
			body[name] = live[name]
		case name == "code_verifier": // the flow has no code_challenge
			delete(body, name)
		case of:
			return answer{}, false
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	last.Body, last.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return s.do(last), true
}

func TestEveryExampleWorks(t *testing.T) {
	t.Parallel()
	for _, rt := range authkit.Routes() {
		route := rt.Method + " " + rt.Pattern
		body, required := example(t, rt.Method, rt.Pattern)
		if body == nil {
			continue
		}
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			sent := 0
			for _, f := range flows() {
				if f.route != route || f.code != "" || sent > 0 {
					continue
				}
				s := newStage(t, withoutLimits)
				ready := f.ready(s)
				got, ok := replay(s, ready(), body)
				if !ok {
					continue
				}
				sent++
				if got.Code >= 300 {
					t.Errorf("the example, in the flow %q: got %d %s, want it to work", f.name, got.Code, got.Body)
				}
				for _, name := range required {
					less := maps.Clone(body)
					delete(less, name.(string))
					if got, ok := replay(s, ready(), less); !ok || got.Code < 400 {
						t.Errorf("without %v: got %d, want it refused, since it is required", name, got.Code)
					}
				}
			}
			if sent == 0 {
				t.Error("got no flow that has the members of the example, want one")
			}
		})
	}
}
