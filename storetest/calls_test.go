package storetest

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// TestEveryMethodIsCalled fails if a method of Store lacks the checks of crossing, deleted apps,
// cancellation and riders.
func TestEveryMethodIsCalled(t *testing.T) {
	t.Parallel()
	store := reflect.TypeFor[authkit.Store]()
	for m := range store.Methods() {
		if m.Type.NumIn() == 0 || m.Type.In(0) != reflect.TypeFor[context.Context]() {
			if !slices.Contains([]string{"Contract", "Volatile"}, m.Name) {
				t.Errorf("%s takes no context", m.Name)
			}
			continue
		}
		ofThis := func(c call) bool { return c.method == m.Name }
		calls := slices.Concat(allCalls(), plainCalls())
		if !slices.ContainsFunc(calls, ofThis) {
			t.Errorf("%s is not checked with a context that is over: add it to a table of calls", m.Name)
		}
		cursor := slices.Contains([]string{"ClaimMail", "DueWebhooks", "Unchained", "Chains"}, m.Name)
		if !cursor && names(m, reflect.TypeFor[uuid.UUID]()) && !slices.ContainsFunc(allCalls(), ofThis) { // an id that is a cursor names none
			t.Errorf("%s takes an app and is not checked with a foreign and a deleted one: add it to a table of calls", m.Name)
		}
		ridden := func(c call) bool { return ofThis(c) && c.riders && c.own == nil }
		if names(m, reflect.TypeFor[authkit.Riders]()) && !slices.ContainsFunc(calls, ridden) {
			t.Errorf("%s carries riders and no call of it does", m.Name)
		}
	}
}

// TestEveryGuardIsChecked fails if a method takes an AppVersion that no guarded call sets.
func TestEveryGuardIsChecked(t *testing.T) {
	t.Parallel()
	for m := range reflect.TypeFor[authkit.Store]().Methods() {
		takes := false
		for in := range m.Type.Ins() {
			if in.Kind() == reflect.Struct {
				_, has := in.FieldByName("AppVersion")
				takes = takes || has
			}
		}
		checked := slices.ContainsFunc(guardedCalls(), func(c guardedCall) bool { return c.method == m.Name })
		if takes != checked {
			t.Errorf("%s: got a guarded call %v, want %v", m.Name, checked, takes)
		}
	}
}

// TestEveryCallIsOfAMethod fails if a call names a method that Store does not have.
func TestEveryCallIsOfAMethod(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range slices.Concat(allCalls(), plainCalls()) {
		if _, ok := reflect.TypeFor[authkit.Store]().MethodByName(c.method); !ok {
			t.Errorf("got a call of %s, which is no method", c.method)
		}
		if seen[c.name()] {
			t.Errorf("got two calls named %q", c.name())
		}
		seen[c.name()] = true
	}
}

// names reports whether a method takes a value of the type, or a struct that holds one and is
// no cursor.
func names(m reflect.Method, want reflect.Type) bool {
	for in := range m.Type.Ins() {
		if has(in, want) {
			return true
		}
	}
	return false
}

func has(in, want reflect.Type) bool {
	if in == want {
		return true
	}
	if in.Kind() != reflect.Struct || in == reflect.TypeFor[authkit.Page]() || in == reflect.TypeFor[authkit.SealedQuery]() {
		return false
	}
	for f := range in.Fields() {
		if has(f.Type, want) {
			return true
		}
	}
	return false
}
