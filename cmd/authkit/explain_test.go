package main

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

// TestTheCommandExplainsAsTheEndpointDoes refuses a sign-in, and asks for the reason at the server
// and, once that has ended, at the store.
func TestTheCommandExplainsAsTheEndpointDoes(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		p, app, run, flags := manager(t, open(t))
		refusal := p.send("POST", "/auth/magic-link/"+app, `{"email":"ann@example.com","redirect_to":"https://app.example.com/cb"}`).want(t, 400, "invalid_request")
		request := refusal.string("request_id")
		want := p.send("GET", "/apps/"+app+"/explain/"+request, "", bearer(p.developer())).want(t, 200, "").body
		p.stop() // its refusals are in the store from then on

		var got map[string]any
		if err := json.Unmarshal([]byte(run("explain", request, "--app", app, "--json")), &got); err != nil || !maps.Equal(got, want) {
			t.Errorf("--json: got %v, %v, want %v", got, err, want)
		}
		table := run("explain", "--app", "Demo", request)
		for _, line := range []string{
			"rule      invalid_request: redirect_to: not_registered", "received  redirect_to: https://app.example.com/cb",
			"allowed   no URL: redirect_urls is empty", "setting   redirect_urls", "fix       only if this is yours: ",
		} {
			if !strings.Contains(table, line) {
				t.Errorf("table: got\n%s\nwant the line %q", table, line)
			}
		}
		other := strings.Fields(run("app", "create", "other"))[1]
		refused(t, `request "`+request+`": not_found: `, append([]string{"explain", request, "--app", other}, flags...)...)
	})
}
