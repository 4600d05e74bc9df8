package authkit_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// fill puts n users into an app, three of them at any one time.
func (s *stage) fill(app uuid.UUID, n int) {
	s.t.Helper()
	for i := range n {
		email := fmt.Sprintf("user%04d@example.com", i)
		at := s.clock.Now().Add(time.Duration(i/3) * time.Microsecond)
		u := authkit.User{App: app, ID: uuid.New(), Email: email, EmailTyped: email, Name: "Name", NameKey: "name", AuthMethod: "credentials", CreatedAt: at}
		if _, err := s.inner.CreateUser(s.t.Context(), authkit.NewUser{Now: at, User: u}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// pagedList is a list that comes in pages.
type pagedList struct {
	name, path, member, credential string
	total                          int
}

func pagedLists(s *stage) []pagedList {
	s.t.Helper()
	s.fill(s.app.ID, 61)
	for i := range 60 {
		if i%3 == 0 {
			s.clock.Advance(time.Microsecond)
		}
		if _, err := s.engine.EnsureApp(s.t.Context(), s.devID, fmt.Sprintf("App %d", i)); err != nil {
			s.t.Fatal(err)
		}
	}
	return []pagedList{
		{"users", s.in("/users/{app_id}"), "users", s.key, 61},
		{"apps", "/apps", "apps", s.token, 61},
		{"apps with a slash", "/apps/", "apps", s.token, 61},
	}
}

var linkHeader = regexp.MustCompile(`^<([^>]+)>; rel="next"$`)

// idsOf returns the ids on a page.
func (l pagedList) idsOf(a answer) []string {
	var out []string
	for _, row := range a.body[l.member].([]any) {
		for _, name := range []string{"user_id", "app_id"} {
			if id, ok := row.(map[string]any)[name].(string); ok {
				out = append(out, id)
			}
		}
	}
	return out
}

func TestPaging(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, l := range pagedLists(s) {
		t.Run(l.name, func(t *testing.T) {
			get := func(query string) answer { return s.send("GET", l.path+query, "", bearer(l.credential)) }
			t.Run("takes a limit of 1 to 500, and 50 by itself", func(t *testing.T) {
				for query, rows := range map[string]int{"": 50, "?limit=1": 1, "?limit=50": 50, "?limit=60": 60, "?limit=61": 61, "?limit=500": 61} {
					got := get(query)
					got.want(t, 200, "")
					if n := len(l.idsOf(got)); n != rows {
						t.Errorf("%s: got %d rows, want %d", query, n, rows)
					}
					_, more := got.body["next_cursor"].(string)
					if want := rows < l.total; more != want || linkHeader.MatchString(got.Header().Get("Link")) != want {
						t.Errorf("%s: got next_cursor %v, Link %q, want them: %v", query, got.body["next_cursor"], got.Header().Get("Link"), want)
					}
				}
				for _, query := range []string{"0", "501", "-1", "1.0", "01", "%2B1", "1e1", "", "%201", "ten", "99999999999999999999", "0x1"} {
					got := get("?limit=" + query)
					if got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"limit"`) {
						t.Errorf("limit=%s: got %d %s, want 400 and the field", query, got.Code, got.Body)
					}
				}
			})
			t.Run("goes through every row once, the newest first, as Link and as next_cursor say", func(t *testing.T) {
				whole := l.idsOf(get("?limit=500"))
				for _, limit := range []int{1, 2, 7, 60} {
					var seen []string
					next := fmt.Sprintf("?limit=%d", limit)
					for range 100 {
						got := get(next)
						got.want(t, 200, "")
						seen = append(seen, l.idsOf(got)...)
						link := linkHeader.FindStringSubmatch(got.Header().Get("Link"))
						if link == nil {
							break
						}
						cursor := got.text(t, "next_cursor")
						if want := fmt.Sprintf("%s%s?cursor=%s&limit=%d", base, l.path, cursor, limit); link[1] != want {
							t.Errorf("Link: got %q, want %q", link[1], want)
						}
						next = strings.TrimPrefix(link[1], base+l.path)
					}
					if !slices.Equal(seen, whole) {
						t.Errorf("by %d: got %d rows in another order, want the %d", limit, len(seen), len(whole))
					}
				}
				if times := timesOf(t, get("?limit=500"), l.member); !slices.IsSortedFunc(times, func(a, b time.Time) int { return b.Compare(a) }) {
					t.Errorf("created_at: got %v, want the newest first", times)
				}
			})
			t.Run("refuses a cursor that it did not make", func(t *testing.T) {
				cursor := get("?limit=2").text(t, "next_cursor")
				raw, err := base64.RawURLEncoding.DecodeString(cursor)
				if err != nil {
					t.Fatal(err)
				}
				bad := []string{"", "x", cursor[1:], cursor[:len(cursor)-1], cursor + "A", cursor + "=", cursor + "%0A", strings.Repeat("A", len(cursor))}
				for i := range raw {
					raw[i] ^= 1
					bad = append(bad, base64.RawURLEncoding.EncodeToString(raw))
					raw[i] ^= 1
				}
				for _, text := range bad {
					got := get("?cursor=" + text)
					if got.Code != 400 || !strings.Contains(got.Body.String(), `"field":"cursor"`) {
						t.Fatalf("cursor=%s: got %d %s, want 400 and the field", text, got.Code, got.Body)
					}
				}
				get("?limit=7&cursor="+cursor).want(t, 200, "") // with another limit it is the same list
			})
		})
	}
}

func timesOf(t *testing.T, a answer, member string) []time.Time {
	t.Helper()
	var out []time.Time
	for _, row := range a.body[member].([]any) {
		at, err := time.Parse(time.RFC3339, row.(map[string]any)["created_at"].(string))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, at)
	}
	return out
}

func TestCursorsAreForOneList(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.fill(s.app.ID, 5)
	other, otherKey, err := s.engine.CreateApp(t.Context(), s.devID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	s.fill(other.ID, 5)
	eve := s.developer("eve@example.com")
	for _, name := range []string{"One", "Two", "Three"} {
		if _, err := s.engine.EnsureApp(t.Context(), eve, name); err != nil {
			t.Fatal(err)
		}
	}
	eveToken := s.signIn("console", "eve@example.com")
	type list struct{ path, query, credential string }
	users, apps := s.in("/users/{app_id}"), "/apps"
	lists := map[string]list{
		"users":                      {users, "", s.key},
		"users of another app":       {"/users/" + other.ID.String(), "", otherKey},
		"users by prefix":            {users, "&q=user", s.key},
		"users by another prefix":    {users, "&q=use", s.key},
		"users by method":            {users, "&auth_method=credentials", s.key},
		"users by prefix and method": {users, "&q=user&auth_method=credentials", s.key},
		"users with an empty filter": {users, "&q=", s.key},
		"apps":                       {apps, "", s.token},
		"apps of another developer":  {apps, "", eveToken},
	}
	for name, l := range lists {
		cursor := s.send("GET", l.path+"?limit=1"+l.query, "", bearer(l.credential)).text(t, "next_cursor")
		for other, o := range lists {
			got := s.send("GET", o.path+"?limit=1"+o.query+"&cursor="+cursor, "", bearer(o.credential))
			if want := map[bool]int{true: 200, false: 400}[other == name]; got.Code != want {
				t.Errorf("the cursor of %s on %s: got %d %s, want %d", name, other, got.Code, got.Body, want)
			}
		}
	}
	t.Run("/apps and /apps/ are one list", func(t *testing.T) {
		cursor := s.send("GET", "/apps?limit=1", "", bearer(s.token)).text(t, "next_cursor")
		s.send("GET", "/apps/?limit=1&cursor="+cursor, "", bearer(s.token)).want(t, 200, "")
	})
	t.Run("a new API key goes on where the old one was", func(t *testing.T) {
		cursor := s.send("GET", users+"?limit=1", "", bearer(s.key)).text(t, "next_cursor")
		_, key, err := s.engine.RotateAPIKey(t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, authkit.APIKeyRequest{})
		if err != nil {
			t.Fatal(err)
		}
		s.send("GET", users+"?limit=1&cursor="+cursor, "", bearer(key)).want(t, 200, "")
	})
}

func TestAPageStaysWhereItIs(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	s.fill(s.app.ID, 4)
	l := pagedList{member: "users"}
	first := s.send("GET", s.in("/users/{app_id}?limit=2"), "", bearer(s.key))
	s.clock.Advance(time.Second)
	s.signUp("new@example.com")
	rest := s.send("GET", s.in("/users/{app_id}?limit=2&cursor=")+first.text(t, "next_cursor"), "", bearer(s.key))
	rest.want(t, 200, "")
	whole := l.idsOf(s.send("GET", s.in("/users/{app_id}"), "", bearer(s.key)))
	if got := append(l.idsOf(first), l.idsOf(rest)...); !slices.Equal(got, whole[1:]) {
		t.Errorf("rows: got %v, want %v", got, whole[1:])
	}
}
