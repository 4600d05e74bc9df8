package authkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

// flushed writes what the engine has counted.
func (w *world) flushed() {
	w.t.Helper()
	if err := w.engine.RunOnce(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// stats returns what the route answers for the days, one text for each day.
func (w *world) stats(query string) []string {
	w.t.Helper()
	got := w.send("GET", w.in("/apps/{app_id}/stats")+query, "", bearer(w.token))
	got.want(w.t, 200, "")
	var body struct {
		Days []json.RawMessage `json:"days"`
	}
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
		w.t.Fatal(err)
	}
	var days []string
	for _, d := range body.Days {
		days = append(days, string(d))
	}
	return days
}

func (w *world) wrongPassword(email string) {
	w.t.Helper()
	w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":"not the right one at all","intent":"sign_in"}`).want(w.t, 401, "invalid_credentials")
}

func dayText(day string, signUps int, signIns, refused string, active int) string {
	return fmt.Sprintf(`{"day":"%s","sign_ups":%d,"sign_ins":{%s},"refused":{%s},"active_users":%d}`, day, signUps, signIns, refused, active)
}

func TestStatsCountWhatHappensByDay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	in := w.signUp("ann@example.com")
	w.signUp("bob@example.com")
	for range 2 {
		w.signIn(w.app.ID.String(), "ann@example.com")
	}
	w.wrongPassword("ann@example.com")
	w.wrongPassword("nobody@example.com")
	w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","pasword":"x"}`).want(t, 400, "invalid_request")
	if got, want := w.stats("?from=2026-03-04"), []string{dayText("2026-03-04", 0, "", "", 0)}; !slices.Equal(got, want) {
		t.Errorf("before they are written: got %s, want %s", got, want)
	}
	w.flushed()
	first := dayText("2026-03-04", 2, `"credentials":2`, `"invalid_credentials":2,"invalid_request":1`, 2)
	if got, want := w.stats("?from=2026-03-04&to=2026-03-04"), []string{first}; !slices.Equal(got, want) {
		t.Errorf("the first day: got %s, want %s", got, want)
	}

	w.clock.Advance(36 * time.Hour)
	w.send("POST", w.in("/auth/refresh/{app_id}"), `{"refresh_token":"`+in.text(t, "refresh_token")+`"}`).want(t, 200, "")
	if _, err := w.engine.StartSession(t.Context(), authkit.HostSignIn{App: w.app.ID, User: uuid.New(), Method: "hwk"}); !errors.Is(err, authkit.CodeUserNotFound) {
		t.Fatalf("got %v, want %s", err, authkit.CodeUserNotFound)
	}
	w.token = w.signIn("console", "dev@example.com")
	w.flushed()
	for query, want := range map[string][]string{
		"?from=2026-03-03&to=2026-03-06": {
			dayText("2026-03-03", 0, "", "", 0), first, dayText("2026-03-05", 0, "", `"user_not_found":1`, 1), dayText("2026-03-06", 0, "", "", 0),
		},
		"?from=2026-03-05": {dayText("2026-03-05", 0, "", `"user_not_found":1`, 1)},
	} {
		if got := w.stats(query); !slices.Equal(got, want) {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	if all := w.stats(""); len(all) != 30 || all[28] != first {
		t.Errorf("by default: got %d days, the last but one %s, want 30 and %s", len(all), all[len(all)-2], first)
	}
	if all := w.stats("?from=2026-01-01&to=2027-01-01"); len(all) != 366 {
		t.Errorf("the longest range: got %d days, want 366", len(all))
	}
}

func TestStatsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for query, fields := range map[string]string{
		"?from=2026-03-05&to=2026-03-04": "from",
		"?from=2026-01-01&to=2027-01-02": "from",
		"?from=2027-01-01":               "from", // after today
		"?from=yesterday":                "from",
		"?from=2026-02-30&to=2026-3-4":   "from to",
		"?to=":                           "to",
		"?to=1969-12-31":                 "to",
		"?to=2026-03-04T00:00:00Z":       "to",
		"?form=2026-03-04":               "form",
	} {
		got := w.send("GET", w.in("/apps/{app_id}/stats")+query, "", bearer(w.token))
		got.want(t, 400, "invalid_request")
		if got.fields() != fields {
			t.Errorf("%s: got the fields %q, want %q", query, got.fields(), fields)
		}
	}
	w.developer("other@example.com")
	w.send("GET", w.in("/apps/{app_id}/stats"), "", bearer(w.signIn("console", "other@example.com"))).want(t, 404, "app_not_found")
	w.send("GET", "/apps/"+uuid.NewString()+"/stats", "", bearer(w.token)).want(t, 404, "app_not_found")
}

func TestStatsOfACookieCountItsUse(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.settings(authkit.AppPatch{SessionMode: new(authkit.SessionCookie)})
	got := w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"`+password+`"}`)
	got.want(t, 201, "")
	var pairs []string
	for _, c := range got.Result().Cookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	cookie := strings.Join(pairs, "; ")
	w.clock.Advance(24 * time.Hour)
	for range 3 {
		w.send("GET", w.in("/auth/me/{app_id}"), "", "Cookie: "+cookie).want(t, 200, "")
	}
	w.flushed()
	days, err := w.engine.Stats(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.StatsQuery{From: w.clock.Now()})
	if err != nil || len(days) != 1 || days[0].ActiveUsers != 1 || days[0].SignUps != 0 {
		t.Errorf("got %+v, %v, want one active user", days, err)
	}
}

func TestStatsOfASilentStoreAreWrittenLater(t *testing.T) {
	t.Parallel()
	faulty := storetest.NewFaulty(memory.New())
	w := setup(t, func(c *authkit.Config) { c.Store = faulty })
	w.signUp("ann@example.com")
	faulty.FailAlways(true)
	if err := w.engine.RunOnce(t.Context()); err == nil {
		t.Error("RunOnce on a silent store: got nil, want an error")
	}
	faulty.FailAlways(false)
	w.flushed()
	w.flushed()
	want := []string{dayText("2026-03-04", 1, "", "", 1)}
	if got := w.stats("?from=2026-03-04"); !slices.Equal(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A Run that ends in good order loses nothing.
func TestStatsAreWrittenWhenRunEnds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signUp("ann@example.com")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.engine.Run(ctx); err != nil {
		t.Fatal(err)
	}
	want := []string{dayText("2026-03-04", 1, "", "", 1)}
	if got := w.stats("?from=2026-03-04"); !slices.Equal(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTwoProcessesCountTogether(t *testing.T) {
	t.Parallel()
	store, secrets := memory.New(), [][]byte{make([]byte, 32)}
	secrets[0][0] = 1
	w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, secrets })
	other, err := authkit.New(authkit.Config{Store: store, Secrets: secrets, BaseURL: base, Mailer: mail.NewOutbox(), Now: w.clock.Now, Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1}})
	if err != nil {
		t.Fatal(err)
	}
	ann := w.signUp("ann@example.com").text(t, "refresh_token")
	for i := range 6 {
		engine := []*authkit.Engine{w.engine, other}[i%2]
		next, err := engine.Refresh(t.Context(), authkit.RefreshRequest{App: w.app.ID, Token: ann})
		if err != nil {
			t.Fatal(err)
		}
		ann = next.RefreshToken
		_, err = engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: w.app.ID, Email: "ann@example.com", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	days, err := w.engine.Stats(t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.StatsQuery{From: w.clock.Now()})
	want := []authkit.DayStats{{
		Day: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), SignUps: 1, SignIns: map[string]int64{"credentials": 6}, Refused: map[authkit.Code]int64{}, ActiveUsers: 1,
	}}
	if err != nil || !reflect.DeepEqual(days, want) {
		t.Errorf("got %+v, %v, want %+v", days, err, want)
	}
}
