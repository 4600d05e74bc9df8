package authkit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// auditWorld is a world whose app has 60 events: three at any one time, of two users and two types.
type auditWorld struct {
	*stage

	path     string
	ann, bob uuid.UUID
	begin    time.Time
}

func newLogged(t *testing.T) *auditWorld {
	t.Helper()
	l := &auditWorld{stage: newStage(t), ann: uuid.New(), bob: uuid.New()}
	l.begin = l.clock.Now().Add(time.Hour).Truncate(time.Second)
	l.path = "/apps/" + l.app.ID.String() + "/audit"
	var events []authkit.Event
	for i := range 60 {
		e := authkit.Event{ID: uuid.New(), Time: l.begin.Add(time.Duration(i/3) * time.Minute), Type: "test.odd", UserID: l.ann, Result: "ok", Reason: strconv.Itoa(i)}
		if i%2 == 0 {
			e.Type, e.UserID = "test.even", l.bob
		}
		events = append(events, e)
	}
	if err := l.inner.Put(t.Context(), authkit.Put{App: l.app.ID, Riders: authkit.Riders{Events: events}}); err != nil {
		t.Fatal(err)
	}
	return l
}

// since returns the parameters with a since at which the 60 events begin.
func (l *auditWorld) since(more string) string {
	return "?since=" + url.QueryEscape(l.begin.Format(time.RFC3339)) + more
}

func (l *auditWorld) get(t *testing.T, query string, headers ...string) answer {
	t.Helper()
	return l.send("GET", l.path+query, "", append(headers, bearer(l.token))...)
}

// reasons returns the reason of each event of a page.
func reasons(a answer) (out []string) {
	rows, _ := a.body["events"].([]any)
	for _, row := range rows {
		out = append(out, row.(map[string]any)["reason"].(string))
	}
	return out
}

func TestTheAuditLogComesInPagesNewestFirst(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	whole := reasons(l.get(t, l.since("&limit=500")))
	if len(whole) != 60 || whole[0] < "57" || whole[0] > "59" {
		t.Fatalf("got %d events, the first of which is %v, want 60 and one of the last three", len(whole), whole[:1])
	}
	for _, limit := range []int{1, 7, 59, 60} {
		var seen []string
		for cursor, pages := "", 0; pages < 100; pages++ {
			got := l.get(t, l.since(fmt.Sprintf("&limit=%d%s", limit, cursor)))
			got.want(t, 200, "")
			seen = append(seen, reasons(got)...)
			next, more := got.body["next_cursor"].(string)
			if !more {
				break
			}
			cursor = "&cursor=" + next
		}
		if !slices.Equal(seen, whole) {
			t.Errorf("by %d: got %q, want %q", limit, seen, whole)
		}
	}
}

func TestTheAuditLogIsFiltered(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	for query, want := range map[string]int{
		l.since("&limit=500"):                       60,
		"?type=test.even&limit=500":                 30,
		"?user_id=" + l.ann.String() + "&limit=500": 30,
		"?type=test.even&user_id=" + l.ann.String(): 0,
		"?type=test.none":                           0,
		l.since("&limit=500&until=" + l.begin.Add(10*time.Minute).Format(time.RFC3339)):        30,
		l.since("&limit=500&until=" + l.begin.Format(time.RFC3339)):                            0,
		"?since=" + l.begin.Add(19*time.Minute).Format(time.RFC3339):                           3,
		"?type=test.odd&since=" + url.QueryEscape(l.begin.Format("2006-01-02T15:04:05+00:00")): 30,
	} {
		got := l.get(t, query)
		got.want(t, 200, "")
		if n := len(reasons(got)); n != want {
			t.Errorf("%s: got %d events, want %d", query, n, want)
		}
	}
	bad := l.get(t, "?type=&user_id=ann&since=yesterday&until=")
	bad.want(t, 400, "invalid_request")
	for _, field := range []string{"type", "user_id", "since", "until"} {
		if !strings.Contains(bad.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("got %s, want it to name %s", bad.Body, field)
		}
	}
	l.get(t, "?kind=test.odd").want(t, 400, "invalid_request")
}

func TestAnEventOfTheAuditLogTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.clock.Advance(time.Second)
	changed := l.send("PATCH", l.in("/apps/{app_id}"), `{"signup":"closed"}`, bearer(l.token))
	changed.want(t, 200, "")
	rows := l.get(t, "?type=app.change&limit=1").body["events"].([]any)
	got := rows[0].(map[string]any)
	for member, want := range map[string]any{
		"type": "app.change", "actor": "console:" + l.devID, "user_id": nil, "ip": "192.0.2.1", "result": "ok",
		"reason": "signup", "request_id": changed.Header().Get("X-Request-ID"), "detail": nil,
	} {
		if got[member] != want {
			t.Errorf("%s: got %v, want %v", member, got[member], want)
		}
	}
	if at, err := time.Parse(time.RFC3339, fmt.Sprint(got["time"])); err != nil || at.Sub(l.clock.Now()).Abs() > time.Minute {
		t.Errorf("time: got %v, want that of the change", got["time"])
	}
	if _, err := uuid.Parse(fmt.Sprint(got["id"])); err != nil || len(got) != 10 {
		t.Errorf("got %d members with the id %v, want 10 and an id", len(got), got["id"])
	}
}

func TestTheAuditLogIsExportedAsLines(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	got := l.send("GET", l.path+l.since("&type=test.odd"), "", bearer(l.token), "Accept: application/x-ndjson")
	if got.Code != 200 || got.Header().Get("Content-Type") != "application/x-ndjson" || got.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %v, want 200 application/x-ndjson, no-store", got.Code, got.Header())
	}
	lines := strings.Split(strings.TrimSuffix(got.Body.String(), "\n"), "\n")
	if len(lines) != 30 {
		t.Fatalf("got %d lines, want 30", len(lines))
	}
	for _, line := range lines {
		var e struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Type != "test.odd" {
			t.Errorf("got the line %s (%v), want an event of the type test.odd", line, err)
		}
	}
}

func TestTheAuditLogIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.send("GET", l.path, "").want(t, 401, "unauthenticated")
	l.send("GET", l.path, "", bearer(l.key)).want(t, 401, "")
	l.send("GET", "/apps/"+authkit.Console.String()+"/audit", "", bearer(l.token)).want(t, 404, "app_not_found")
	if _, err := l.engine.AuditLog(t.Context(), authkit.AppRef{Developer: "host", ID: l.app.ID}, authkit.EventQuery{}); !errors.Is(err, authkit.CodeAppNotFound) {
		t.Errorf("the app of another: got %v, want %s", err, authkit.CodeAppNotFound)
	}
	if _, err := l.engine.AuditLog(t.Context(), authkit.AppRef{Developer: l.devID, ID: authkit.Console}, authkit.EventQuery{}); !errors.Is(err, authkit.CodeAppNotFound) {
		t.Errorf("the console app, for a developer: got %v, want %s", err, authkit.CodeAppNotFound)
	}
	events, err := l.engine.AuditLog(t.Context(), authkit.AppRef{ID: authkit.Console}, authkit.EventQuery{Type: authkit.EventUserCreate})
	if err != nil || len(events) != 1 || events[0].UserID.String() != l.devID {
		t.Errorf("the console app, for the host: got %v, %v, want the creation of the developer", events, err)
	}
}
