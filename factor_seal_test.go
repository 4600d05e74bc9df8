package authkit_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/seal"
)

// ring seals under secrets, newest first.
func ring(t *testing.T, names ...string) *seal.Ring {
	t.Helper()
	var secrets [][]byte
	for _, name := range names {
		secrets = append(secrets, secretOf(name))
	}
	r, err := seal.New(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// This test retires a secret under which seeds were sealed a year ago.
func TestResealRenewsSeedsOfTOTP(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, store authkit.Store) {
		d := deployOn(t, store)
		app, _ := d.app(d.mustStart("old"), "has seeds")
		var users []uuid.UUID
		for i := range 3 {
			u := authkit.User{App: app.ID, ID: uuid.New(), Email: strconv.Itoa(i), Factors: authkit.FactorTOTP}
			users = append(users, u.ID)
			of := users[i/2*2] // the second is sealed for the first user
			c := authkit.Credential{
				Kind: "totp", Subject: u.ID.String(), CreatedAt: d.clock.Now().AddDate(-1, 0, 0),
				Data: ring(t, "old").Seal(fmt.Append(nil, "seed ", i), seal.AAD("totp", app.ID.String(), of.String())),
			}
			if _, err := store.CreateUser(t.Context(), authkit.NewUser{User: u, Credentials: []authkit.Credential{c}}); err != nil {
				t.Fatal(err)
			}
		}
		e := d.mustStart("new", "old")
		got, err := e.Reseal(t.Context())
		if err == nil || got.TOTPSeeds != 2 || !slices.Equal(got.Kept, []string{idOfSecret(t, "old")}) {
			t.Errorf("with one that opens for another user: got %+v, %v, want an error, 2 seeds, and the old secret kept", got, err)
		}
		foreign := authkit.UserRemoval{App: app.ID, ID: users[1]}
		if err := store.DeleteUser(t.Context(), foreign); err != nil {
			t.Fatal(err)
		}
		if got := d.reseal(e); got.TOTPSeeds != 0 || !slices.Equal(got.Forgotten, []string{idOfSecret(t, "old")}) {
			t.Errorf("without it: got %+v, want no seed, and the old secret forgotten", got)
		}
		for i, user := range users {
			if i == 1 {
				continue
			}
			a, err := store.Account(t.Context(), app.ID, authkit.AccountKey{ID: user})
			if err != nil {
				t.Fatal(err)
			}
			plain, err := ring(t, "new").Open(a.Credentials[0].Data, seal.AAD("totp", app.ID.String(), user.String()))
			if err != nil || string(plain) != fmt.Sprint("seed ", i) {
				t.Errorf("seed %d: got %q, %v", i, plain, err)
			}
			if want := d.clock.Now().AddDate(-1, 0, 0); !a.Credentials[0].CreatedAt.Equal(want.Truncate(time.Microsecond)) || a.User.Version != 1 {
				t.Errorf("seed %d: got it of %v with Version %d, want %v and 1", i, a.Credentials[0].CreatedAt, a.User.Version, want)
			}
		}
	})
}
