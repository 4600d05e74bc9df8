package storetest

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

func importSentences() []sentence {
	return []sentence{
		{"import: users come with their credentials and roles, as CreateUser makes them", importMakes},
		{"import: each user is told what is taken, by the app's users or earlier in the batch, and the others are made", importTaken},
		{"import: what another app has is free", importCrossing},
		{"import: nothing of it is in a deleted app, or beside riders that cannot be written", importRefused},
		{"import: of concurrent batches of several handles, each user is made by one", importRace},
	}
}

// anAccount is a user with a password and an identity.
func anAccount(b *bed, name string) authkit.Account {
	u := b.aUser(name + "@example.com")
	u.ExternalID, u.Roles, u.Factors = "ext-"+name, []string{"admin", "role-" + name}, authkit.FactorTOTP
	return authkit.Account{User: u, Credentials: []authkit.Credential{
		{App: u.App, UserID: u.ID, Kind: "oauth", Subject: "https://issuer.example " + name, Data: []byte("{}"), CreatedAt: now()},
		{App: u.App, UserID: u.ID, Kind: "password", Subject: u.ID.String(), Data: []byte("hash"), CreatedAt: now()},
	}}
}

func aBatch(b *bed, n int, prefix string) authkit.UserBatch {
	batch := authkit.UserBatch{App: b.app}
	for i := range n {
		batch.Users = append(batch.Users, anAccount(b, prefix+strconv.Itoa(i)))
	}
	return batch
}

func importMakes(b *bed) {
	for _, n := range []int{0, 1, 2, 49, 50, 51, 130} {
		batch := aBatch(b, n, "n"+strconv.Itoa(n)+"-")
		batch.Riders = b.riders("r" + strconv.Itoa(n))
		taken, err := b.s.CreateUsers(b.ctx, batch)
		b.ok(err)
		equal(b, len(taken), n)
		b.written("r"+strconv.Itoa(n), true)
		for i, want := range batch.Users {
			equal(b, taken[i], authkit.TakenNothing)
			got, err := b.s.Account(b.ctx, b.app, authkit.AccountKey{Email: want.User.Email})
			b.ok(err)
			want.User.Version, want.User.Epoch, want.User.LastLogin = 1, 1, time.Time{}
			b.same(got, want)
			for _, key := range []authkit.AccountKey{{ID: want.User.ID}, {ExternalID: want.User.ExternalID}, {Kind: "oauth", Subject: want.Credentials[0].Subject}} {
				again, err := b.s.Account(b.ctx, b.app, key)
				b.ok(err)
				b.same(again, got)
			}
		}
	}
	byRole, err := b.s.Users(b.ctx, b.app, authkit.UserQuery{Page: authkit.Page{Limit: 10}, Role: "role-n51-50"})
	b.ok(err)
	equal(b, len(byRole), 1)
}

func importTaken(b *bed) {
	first := aBatch(b, 2, "a")
	_, err := b.s.CreateUsers(b.ctx, first)
	b.ok(err)
	batch := aBatch(b, 8, "b")
	batch.Users[0].User.ID = first.Users[0].User.ID
	batch.Users[1].User.Email = first.Users[0].User.Email
	batch.Users[2].User.ExternalID = first.Users[1].User.ExternalID
	batch.Users[3].Credentials[0].Subject = first.Users[1].Credentials[0].Subject
	batch.Users[5].User.Email = batch.Users[4].User.Email
	batch.Users[6].Credentials = append(batch.Users[6].Credentials, batch.Users[6].Credentials[0]) // one subject twice
	batch.Users[7].User.Email = batch.Users[1].User.Email
	taken, err := b.s.CreateUsers(b.ctx, batch)
	b.ok(err)
	b.same(taken, []authkit.Taken{
		authkit.TakenID, authkit.TakenEmail, authkit.TakenExternalID, authkit.TakenSubject, authkit.TakenNothing, authkit.TakenEmail, authkit.TakenSubject, authkit.TakenEmail,
	})
	users, err := b.s.Users(b.ctx, b.app, authkit.UserQuery{Page: authkit.Page{Limit: 100}})
	b.ok(err)
	equal(b, len(users), 3)
}

func importCrossing(b *bed) {
	batch := aBatch(b, 3, "a")
	_, err := b.s.CreateUsers(b.ctx, batch)
	b.ok(err)
	batch.App = b.newApp("other")
	for i := range batch.Users {
		batch.Users[i].User.App = batch.App
	}
	taken, err := b.s.CreateUsers(b.ctx, batch)
	b.ok(err)
	b.same(taken, make([]authkit.Taken, 3))
	got, err := b.s.Account(b.ctx, batch.App, authkit.AccountKey{ID: batch.Users[0].User.ID})
	b.ok(err)
	equal(b, got.User.App, batch.App)
}

func importRefused(b *bed) {
	batch := aBatch(b, 2, "a")
	batch.Riders = b.riders("x")
	batch.Riders.Events = append(batch.Riders.Events, batch.Riders.Events...) // one id twice
	_, err := b.s.CreateUsers(b.ctx, batch)
	b.is(err, authkit.ErrConflict)
	_, err = b.s.Account(b.ctx, b.app, authkit.AccountKey{Email: "a0@example.com"})
	b.is(err, authkit.ErrNotFound)
	batch.Riders = authkit.Riders{}
	for _, app := range []uuid.UUID{uuid.New(), b.app} {
		if app == b.app {
			b.ok(b.s.DeleteApp(b.ctx, b.app, now(), authkit.Riders{}))
		}
		batch.App = app
		_, err = b.s.CreateUsers(b.ctx, batch)
		b.is(err, authkit.ErrNotFound)
	}
}

func importRace(b *bed) {
	const users = 60
	made := make([][]authkit.Taken, 8)
	b.race(len(made), func(s authkit.Store, n int) error {
		batch := aBatch(b, users, "same")
		for i := range batch.Users { // ids differ, addresses do not
			batch.Users[i].Credentials[0].Subject += strconv.Itoa(n)
			batch.Users[i].User.ExternalID = ""
		}
		if n%2 == 1 {
			for i, j := 0, users-1; i < j; i, j = i+1, j-1 {
				batch.Users[i], batch.Users[j] = batch.Users[j], batch.Users[i]
			}
		}
		taken, err := s.CreateUsers(b.ctx, batch)
		made[n] = taken
		return err
	})
	total := 0
	for _, taken := range made {
		for _, t := range taken {
			if t == authkit.TakenNothing {
				total++
			} else {
				equal(b, t, authkit.TakenEmail)
			}
		}
	}
	equal(b, total, users)
}
