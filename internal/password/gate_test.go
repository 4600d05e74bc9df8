package password_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit/internal/password"
)

// queued sends askers, written as "tenant/peer", one after the other to a gate without room. It
// returns those that got through, in order, and those that were refused.
func queued(t *testing.T, room int, askers ...string) (order, refused []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGate(1, room, time.Hour)
		hold := make(chan struct{})
		go func() { _ = gate.Do(context.Background(), password.Asker{Tenant: "held"}, func() { <-hold }) }()
		synctest.Wait()
		for _, name := range askers {
			tenant, peer, _ := strings.Cut(name, "/")
			go func() {
				err := gate.Do(context.Background(), password.Asker{Tenant: tenant, Peer: peer}, func() { order = append(order, name) })
				if errors.Is(err, password.ErrBusy) {
					refused = append(refused, name)
				}
			}()
			synctest.Wait()
		}
		close(hold)
		synctest.Wait()
	})
	return order, refused
}

// each returns n askers, written by a format with a number.
func each(format string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return out
}

func TestTheGateIsFairByPeerAndByTenant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		room    int
		askers  []string
		first   []string // those that get through first, in order
		refused []string // in any order; nil means that it is not checked
	}{
		"one peer through many tenants waits for itself": {
			100, slices.Concat(each("t%d/evil", 20), []string{"a/ann", "b/bob"}), []string{"t0/evil", "a/ann", "b/bob"}, []string{},
		},
		"many peers at one tenant wait for themselves": {
			100, slices.Concat(each("evil/p%d", 20), []string{"a/ann", "b/bob"}), []string{"evil/p0", "a/ann", "b/bob"}, []string{},
		},
		"a person at a tenant that one peer floods comes second": {
			100, slices.Concat(slices.Repeat([]string{"a/evil"}, 20), []string{"a/ann"}), []string{"a/evil", "a/ann", "a/evil"}, []string{},
		},
		"a full queue sends away the newest of the peer with most waiters, whatever its tenants": {
			6, slices.Concat(each("t%d/evil", 6), []string{"a/ann", "b/bob"}),
			[]string{"t0/evil", "a/ann", "b/bob", "t1/evil", "t2/evil", "t3/evil"}, []string{"t4/evil", "t5/evil"},
		},
		"a full queue sends away the newest of the tenant with most waiters, whatever its peers": {
			6, slices.Concat(each("evil/p%d", 6), []string{"a/ann", "b/bob"}),
			[]string{"evil/p0", "a/ann", "b/bob", "evil/p1", "evil/p2", "evil/p3"}, []string{"evil/p4", "evil/p5"},
		},
		"many peers at one tenant displace no network with two waiters": {
			6, slices.Concat([]string{"a/nat", "a/nat"}, each("evil/p%d", 9)), []string{"a/nat", "evil/p0", "evil/p1", "a/nat"},
			[]string{"evil/p4", "evil/p5", "evil/p6", "evil/p7", "evil/p8"},
		},
		"a person displaces the peer that floods the same tenant": {
			4, slices.Concat(slices.Repeat([]string{"a/evil"}, 4), []string{"a/ann"}), []string{"a/evil", "a/ann", "a/evil", "a/evil"}, []string{"a/evil"},
		},
		"an unknown peer counts as the tenant": {
			4, []string{"a/", "a/", "a/", "a/", "b/", "a/"}, []string{"a/", "b/", "a/", "a/"}, []string{"a/", "a/"},
		},
		"a newcomer displaces no equal": {
			2, []string{"a/x", "b/y", "c/z"}, []string{"a/x", "b/y"}, []string{"c/z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order, refused := queued(t, c.room, c.askers...)
			if len(order) < len(c.first) || !slices.Equal(order[:len(c.first)], c.first) {
				t.Errorf("order: got %v, want it to begin with %v", order, c.first)
			}
			slices.Sort(refused)
			if !slices.Equal(refused, c.refused) {
				t.Errorf("refused: got %v, want %v", refused, c.refused)
			}
			if len(order)+len(refused) != len(c.askers) {
				t.Errorf("got %d through and %d refused, want %d in all", len(order), len(refused), len(c.askers))
			}
		})
	}
}

// left is the context of a caller who has left, which the caller's goroutine has not seen yet.
type left struct {
	context.Context

	err error
}

func (l *left) Err() error { return l.err }

// TestNoCallForACallerWhoHasLeft has callers leave before they come, and while they wait, just
// before they get their turn.
func TestNoCallForACallerWhoHasLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGate(1, 100, time.Hour)
		began := 0
		leave := func(ctx context.Context) {
			err := gate.Do(ctx, password.Asker{}, func() { began++ })
			if !errors.Is(err, password.ErrBusy) || !errors.Is(err, context.Canceled) {
				t.Errorf("a caller who has left: got %v, want ErrBusy and Canceled", err)
			}
		}
		ended, end := context.WithCancel(t.Context())
		end()
		leave(ended)

		hold, leaving := make(chan struct{}), &left{Context: context.Background()}
		go func() { _ = gate.Do(t.Context(), password.Asker{}, func() { <-hold }) }()
		synctest.Wait()
		for range 3 {
			go leave(leaving)
		}
		synctest.Wait()
		leaving.err = context.Canceled
		close(hold)
		synctest.Wait()
		if began != 0 {
			t.Errorf("calls for callers who have left: got %d, want 0", began)
		}
		if err := gate.Do(t.Context(), password.Asker{}, func() { began++ }); err != nil || began != 1 {
			t.Errorf("the next call: got %v and %d calls, want one", err, began)
		}
	})
}

func TestTheGateChargesByCost(t *testing.T) {
	t.Parallel()
	type ask struct {
		name, tenant string
		load         password.Load
	}
	one := password.Load{Turns: 1, Places: 1}
	for name, c := range map[string]struct {
		running int
		asks    []ask
		want    []string // the order of those that begin
		most    int      // places in use at once
	}{
		"a call of three turns lets three of another tenant by": {
			1, []ask{
				{"a1", "a", password.Load{Turns: 3, Places: 1}}, {"a2", "a", one},
				{"b1", "b", one}, {"b2", "b", one}, {"b3", "b", one}, {"b4", "b", one},
			}, []string{"a1", "b1", "b2", "b3", "a2", "b4"}, 1,
		},
		"a call counts no more than the bound": {
			1, append([]ask{{"a1", "a", password.Load{Turns: 1 << 40, Places: 1}}, {"a2", "a", one}}, func() (many []ask) {
				for range 65 {
					many = append(many, ask{"b", "b", one})
				}
				return many
			}()...), append(append([]string{"a1"}, slices.Repeat([]string{"b"}, 64)...), "a2", "b"), 1,
		},
		"a call of two places waits for both, and is not passed": {
			2, []ask{{"a1", "a", one}, {"big", "b", password.Load{Turns: 1, Places: 2}}, {"c1", "c", one}},
			[]string{"a1", "big", "c1"}, 2,
		},
		"a call of more places than there are has the gate for itself": {
			2, []ask{{"huge", "a", password.Load{Turns: 1, Places: 9}}, {"b1", "b", one}}, []string{"huge", "b1"}, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				gate := password.NewGate(c.running, 100, time.Hour)
				var order []string
				used, most := 0, 0
				run := func(name, tenant string, load password.Load) {
					err := gate.DoLoad(t.Context(), password.Asker{Tenant: tenant}, load, func() {
						order = append(order, name)
						used += min(load.Places, c.running)
						most = max(most, used)
						time.Sleep(time.Second)
						used -= min(load.Places, c.running)
					})
					if err != nil {
						t.Errorf("%s: got %v", name, err)
					}
				}
				go run("", "held", password.Load{Turns: 1, Places: c.running})
				synctest.Wait()
				for _, a := range c.asks {
					go run(a.name, a.tenant, a.load)
					synctest.Wait()
				}
				time.Sleep(100 * time.Second)
				synctest.Wait()
				if got := order[1:]; !slices.Equal(got, c.want) {
					t.Errorf("order: got %v, want %v", got, c.want)
				}
				if most != c.most {
					t.Errorf("places in use at once: got %d, want %d", most, c.most)
				}
			})
		})
	}
}

func TestAWaiterThatLeavesHoldsNoOneUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := password.NewGate(2, 100, time.Hour)
		hold := make(chan struct{})
		go func() { _ = gate.Do(context.Background(), password.Asker{Tenant: "a"}, func() { <-hold }) }()
		synctest.Wait()
		leaving, leave := context.WithCancel(t.Context())
		go func() {
			_ = gate.DoLoad(leaving, password.Asker{Tenant: "b"}, password.Load{Places: 2}, func() { t.Error("got a call for a caller who has left") })
		}()
		synctest.Wait()
		done := false
		go func() { _ = gate.Do(t.Context(), password.Asker{Tenant: "c"}, func() { done = true }) }()
		synctest.Wait()
		if done {
			t.Error("got the big call passed by, want it waited for")
		}
		leave()
		synctest.Wait()
		if !done {
			t.Error("got the small call waiting, want it run")
		}
		close(hold)
	})
}
