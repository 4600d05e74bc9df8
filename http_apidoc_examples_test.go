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
var liveMembers = []string{"token", "code", "code_verifier", "binding", "state", "refresh_token", "current_password", "mfa_token", "credential"}

// example returns the example body of a route, and the members that the API document says are required.
func example(t *testing.T, rt authkit.RouteInfo) (body map[string]any, required []any) {
	t.Helper()
	if rt.Example == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(rt.Example), &body); err != nil {
		t.Fatal(err)
	}
	d, err := apiDocument()
	if err != nil {
		t.Fatal(err)
	}
	operations, _ := d.Find(rt.Pattern)
	operation, _ := operations[strings.ToLower(rt.Method)].(map[string]any)
	request, _ := operation["requestBody"].(map[string]any)
	content, _ := request["content"].(map[string]any)
	media, _ := content["application/json"].(map[string]any)
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
	kept, got := keptAnswers(t), &gathered{of: answers{}}
	t.Run("of the routes", func(t *testing.T) {
		for _, rt := range authkit.Routes() {
			route := rt.Method + " " + rt.Pattern
			body, required := example(t, rt)
			t.Run(route, func(t *testing.T) {
				t.Parallel()
				var a *exampleAnswer
				if body == nil {
					a = answerOf(t, route)
				} else {
					a = replayed(t, route, body, required)
				}
				got.keep(route, a)
				if text := indented(t, a); !*writeAnswers && text != indented(t, kept[route]) {
					t.Errorf("the answer of the example: got %s, want that of testdata/answers.json: run go generate .\n%s", text, indented(t, kept[route]))
				}
			})
		}
	})
	if *writeAnswers {
		got.write(t)
		return
	}
	for route := range kept {
		if got.of[route] == nil {
			t.Errorf("%s: got an answer in testdata/answers.json, and the table has no such route, or its answer is not JSON: run go generate .", route)
		}
	}
}

// replayed sends the example of a route in each flow of it until one has all of its members. It
// returns the answer, if that is JSON.
func replayed(t *testing.T, route string, body map[string]any, required []any) *exampleAnswer {
	t.Helper()
	for _, f := range flows() {
		if f.route != route || f.code != "" {
			continue
		}
		s := newStage(t, withoutLimits)
		ready := f.ready(s)
		got, ok := replay(s, ready(), body)
		if !ok {
			continue
		}
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
		return shownAnswer(s, got)
	}
	t.Error("got no flow that has the members of the example, want one")
	return nil
}

// answerOf returns the first answer of a flow of a route that takes no body, if one is JSON.
func answerOf(t *testing.T, route string) *exampleAnswer {
	t.Helper()
	for _, f := range flows() {
		if f.route != route || f.code != "" {
			continue
		}
		s := newStage(t, withoutLimits)
		if a := shownAnswer(s, s.do(f.ready(s)())); a != nil {
			return a
		}
	}
	return nil
}
