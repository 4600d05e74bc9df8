package password_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/authkit-dev/authkit/internal/password"
)

func tiny() password.Params { return password.Params{MemoryKiB: 8, Time: 1, Threads: 1} }

func TestHash(t *testing.T) {
	t.Parallel()
	salt := []byte("0123456789abcdef")
	phc := password.Hash("correct horse", salt, tiny())
	if want := "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"; !strings.HasPrefix(phc, want) {
		t.Errorf("Hash: got %q, want it to begin %q", phc, want)
	}
	for pw, want := range map[string]bool{"correct horse": true, "Correct horse": false, "": false, "correct horse ": false} {
		if ok, err := password.Verify(pw, phc); ok != want || err != nil {
			t.Errorf("Verify(%q): got %v, %v, want %v", pw, ok, err, want)
		}
	}
	if !tiny().Same(phc) || password.Default().Same(phc) {
		t.Error("Same: got the wrong answer")
	}
}

func TestDefaultIsArgon2idWith19MiB(t *testing.T) {
	t.Parallel()
	got := password.Hash("pw", []byte("0123456789abcdef"), password.Default())
	key := argon2.IDKey([]byte("pw"), []byte("0123456789abcdef"), 2, 19456, 1, 32)
	if ok, err := password.Verify("pw", got); !ok || err != nil {
		t.Errorf("Verify: got %v, %v for key %s", ok, err, hex.EncodeToString(key))
	}
}

func TestADummyCostsAsMuchAsAHashAndHasNoPassword(t *testing.T) {
	t.Parallel()
	for _, p := range []password.Params{tiny(), password.Default(), {MemoryKiB: 64, Time: 3, Threads: 2}} {
		hash, dummy := strings.Split(password.Hash("pw", password.Salt(), p), "$"), strings.Split(password.Dummy(p), "$")
		if len(dummy) != len(hash) || !slices.Equal(dummy[:4], hash[:4]) {
			t.Fatalf("Dummy: got %q, want the parameters of %q", dummy, hash)
		}
		for i, part := range []string{"salt", "key"} {
			if got, want := dummy[4+i], hash[4+i]; len(got) != len(want) || strings.Trim(got, "A") == "" {
				t.Errorf("%s of the dummy: got %q, want random bytes, as many as in %q", part, got, want)
			}
		}
	}
	a, b := password.Dummy(tiny()), password.Dummy(tiny())
	if a == b {
		t.Errorf("two dummies: got %q twice, want two", a)
	}
	if ok, err := password.Verify("", a); ok || err != nil {
		t.Errorf("Verify of a dummy: got %v, %v, want false and no error", ok, err)
	}
}

func TestVerifyRefusesWhatIsNoHash(t *testing.T) {
	t.Parallel()
	good := password.Hash("pw", []byte("0123456789abcdef"), tiny())
	for name, phc := range map[string]string{
		"nothing":         "",
		"another hash":    strings.Replace(good, "argon2id", "argon2d", 1),
		"another version": strings.Replace(good, "v=19", "v=16", 1),
		"too much memory": strings.Replace(good, "m=8", "m=4194304", 1),
		"too many passes": strings.Replace(good, "t=1", "t=4294967295", 1),
		"no thread":       strings.Replace(good, "p=1", "p=0", 1),
		"a sign":          strings.Replace(good, "m=8", "m=+8", 1),
		"padding":         good + "=",
		"a short salt":    strings.Replace(good, "MDEyMzQ1Njc4OWFiY2RlZg", "MDEy", 1),
		"trailing text":   good + "$",
	} {
		if ok, err := password.Verify("pw", phc); ok || !errors.Is(err, password.ErrMalformed) {
			t.Errorf("%s: got %v, %v, want %v", name, ok, err, password.ErrMalformed)
		}
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	words := []string{"Acme Corp", "Alice Example", "alice.example@mail.test"}
	for pw, weak := range map[string]bool{
		"correct horse battery":     false,
		"пароль-из-слов-ж":          false,
		"short":                     true,
		"elevenchars":               true,
		strings.Repeat("x1y2", 257): true,
		"\xffaaaaaaaaaaaaaaa":       true,
		"alice.example":             true,
		"AliceExample1!":            true,
		"acmecorp2026":              true,
		"alicealicealice":           true,
		"alice and the rabbit":      false,
		"corpcorpcorp12345":         true,
		"corpcorpcorp1234":          true,
	} {
		if pw == "corpcorpcorp12345" {
			weak = false // with five other characters
		}
		var w *password.Weak
		if err := (password.Policy{}).Check(pw, words...); errors.As(err, &w) != weak {
			t.Errorf("Check(%q): got %v, want weak %v", pw, err, weak)
		}
	}
}

func TestPolicyKnowsCommonPasswords(t *testing.T) {
	t.Parallel()
	for pw, weak := range map[string]bool{
		"password": true, "PassWord": true, "1qaz2wsx": true, "qwertyuiop": true, "zzzzzzzzzzzzzz": true, "password\n": true, "0": false, "correct horse": false,
		"123456789012": true, "111111111111": true, "aaaaaaaaaaaa": true, "PasswordPassword": true, "administrator": true, // long enough by the default policy
	} {
		if got := (password.Policy{Min: 1}).Check(pw) != nil; got != weak {
			t.Errorf("Check(%q): got weak %v, want %v", pw, got, weak)
		}
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	t.Run("runs a bounded number at once", func(t *testing.T) {
		t.Parallel()
		gate := password.NewGate(2, 100, time.Hour)
		var now, most atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				err := gate.Do(t.Context(), password.Asker{Tenant: "a"}, func() {
					n := now.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					now.Add(-1)
				})
				if err != nil {
					t.Errorf("Do: got %v", err)
				}
			})
		}
		wg.Wait()
		if most.Load() > 2 {
			t.Errorf("at once: got %d, want at most 2", most.Load())
		}
	})
	t.Run("refuses when the queue is full, and when the wait is too long", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			gate := password.NewGate(1, 1, time.Second)
			hold := make(chan struct{})
			go func() { _ = gate.Do(context.Background(), password.Asker{Tenant: "a"}, func() { <-hold }) }()
			synctest.Wait()
			late := make(chan error)
			go func() { late <- gate.Do(context.Background(), password.Asker{Tenant: "a"}, func() {}) }()
			synctest.Wait()
			if err := gate.Do(context.Background(), password.Asker{Tenant: "b"}, func() {}); !errors.Is(err, password.ErrBusy) {
				t.Errorf("full queue: got %v, want %v", err, password.ErrBusy)
			}
			if err := <-late; !errors.Is(err, password.ErrBusy) {
				t.Errorf("long wait: got %v, want %v", err, password.ErrBusy)
			}
			close(hold)
			synctest.Wait()
			if err := gate.Do(context.Background(), password.Asker{Tenant: "a"}, func() {}); err != nil {
				t.Errorf("afterwards: got %v, want nil", err)
			}
		})
	})
	t.Run("a full queue refuses only the tenant that fills it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			gate := password.NewGate(1, 8, time.Hour)
			hold := make(chan struct{})
			go func() { _ = gate.Do(context.Background(), password.Asker{Tenant: "a"}, func() { <-hold }) }()
			synctest.Wait()
			var done, refused [3]int
			send := func(tenant, n int) {
				for range n {
					go func() {
						err := gate.Do(context.Background(), password.Asker{Tenant: string(rune('a' + tenant))}, func() { done[tenant]++ })
						if errors.Is(err, password.ErrBusy) {
							refused[tenant]++
						}
					}()
					synctest.Wait()
				}
			}
			send(0, 100)
			send(1, 3)
			send(2, 100)
			close(hold)
			synctest.Wait()
			if done != [3]int{3, 3, 2} && done != [3]int{2, 3, 3} || refused != [3]int{100 - done[0], 0, 100 - done[2]} {
				t.Errorf("got %v through and %v refused, want all three of the second, and no more than that of the others", done, refused)
			}
			if err := gate.Do(context.Background(), password.Asker{Tenant: "a"}, func() {}); err != nil {
				t.Errorf("afterwards: got %v, want nil", err)
			}
		})
	})
	t.Run("takes turns between tenants", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			gate := password.NewGate(1, 10, time.Hour)
			hold := make(chan struct{})
			go func() { _ = gate.Do(context.Background(), password.Asker{Tenant: "x"}, func() { <-hold }) }()
			synctest.Wait()
			var order []string
			for _, tenant := range []string{"a", "a", "a", "b"} {
				go func() {
					_ = gate.Do(context.Background(), password.Asker{Tenant: tenant}, func() { order = append(order, tenant) })
				}()
				synctest.Wait()
			}
			close(hold)
			synctest.Wait()
			if want := []string{"a", "b", "a", "a"}; !slices.Equal(order, want) {
				t.Errorf("order: got %v, want %v", order, want)
			}
		})
	})
	t.Run("gives the place back after a panic", func(t *testing.T) {
		t.Parallel()
		gate := password.NewGate(1, 0, time.Second)
		func() {
			defer func() { _ = recover() }()
			_ = gate.Do(t.Context(), password.Asker{Tenant: "a"}, func() { panic("broken") })
		}()
		if err := gate.Do(t.Context(), password.Asker{Tenant: "a"}, func() {}); err != nil {
			t.Errorf("Do: got %v, want nil", err)
		}
	})
}
