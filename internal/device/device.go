// Package device makes and reads device tokens. A browser keeps one after a sign-in. It
// authorises nothing: it tells the browser from strangers, so that it has rate-limit buckets of
// its own.
//
//	text := device.Issue(ring, user, before, now)        // after each sign-in
//	d, ok := device.Find(ring, user.App, email, text, now) // before the user is read
//	known := ok && d.Knows(ring, user)                   // after
//
// A token holds an entry for each of the last ten accounts of any app that the browser signed
// in to. It names none of them: an entry is bound by MACs to app and address, which are known
// before anything is counted, and to user and epoch, which are known only after. So no attempt
// costs the store more.
package device

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	// Age is how long an entry is good after the sign-in that made it.
	Age = 90 * 24 * time.Hour

	// Most is for how many accounts a browser is known at once. Each costs a request 119
	// bytes of its headers.
	Most = 10

	// The labels of the MACs.
	entryLabel = "device"
	stampLabel = "device stamp"

	// An entry is id, time of issue, flag, stamp, MAC.
	idSize, macSize = 16, 32
	dateAt          = idSize
	flagAt          = dateAt + 8
	stampAt         = flagAt + 1
	macAt           = stampAt + macSize
	entrySize       = macAt + macSize

	// The bits of the flag.
	verifiedBit, signedUpBit = 1, 2
)

// Key makes and checks HMACs of SHA-256; a seal.Ring is one.
type Key interface {
	MAC(label string, parts ...[]byte) []byte
	CheckMAC(label string, sum []byte, parts ...[]byte) bool
}

// User is the account that a browser signed in to.
type User struct {
	App, ID  uuid.UUID
	Email    string
	Verified bool
	Epoch    int64 // raised when the account's sessions are ended as one

	SignedUp bool // the sign-in made the account
}

// Device is what an entry says.
type Device struct {
	// ID stays the same through all sign-ins of the browser to the account, and so does its
	// bucket.
	ID []byte

	// Verified reports whether the user had proven the address by then.
	Verified bool

	// SignedUp reports whether the account was made on this browser. It holds for the user and
	// epoch that the entry knows.
	SignedUp bool

	issued time.Time
	stamp  []byte
}

// Issue makes the token of a browser that signed in as u. before is the browser's token so
// far, or empty: with it the device keeps its ID, and the browser stays known to the nine
// accounts that it signed in to last.
func Issue(key Key, u User, before string, now time.Time) string {
	d, ok := Find(key, u.App, u.Email, before, now)
	if !ok {
		d.ID = make([]byte, idSize)
		_, _ = rand.Read(d.ID) // it does not fail
	}
	d.SignedUp = u.SignedUp || ok && d.SignedUp && d.Knows(key, u)
	d.Verified, d.issued, d.stamp = u.Verified, now, key.MAC(stampLabel, stamped(u, d.ID)...)
	all := slices.Concat(d.ID, d.date(), d.flag(), d.stamp, key.MAC(entryLabel, d.sealed(u.App, u.Email)...))
	for _, raw := range entries(before) {
		_, same := open(key, u.App, u.Email, raw, now)
		if !same && now.Sub(issued(raw)) < Age && len(all) < Most*entrySize {
			all = append(all, raw...)
		}
	}
	if _, notes, ok := strings.Cut(before, "."); ok && len(notesOf(notes)) > 0 {
		return token.Encode(all) + "." + notes
	}
	return token.Encode(all)
}

// Find reads the entry of an address in an app. It reports false where the token has none that
// was made for both in the last 90 days.
func Find(key Key, app uuid.UUID, email, text string, now time.Time) (Device, bool) {
	for _, raw := range entries(text) {
		if d, ok := open(key, app, email, raw, now); ok {
			return d, true
		}
	}
	return Device{}, false
}

// Latest reports whether the address in the app is the account that the browser signed in to
// last. It is true for an empty token, which knows of no sign-in.
func Latest(key Key, app uuid.UUID, email, text string, now time.Time) bool {
	if text == "" {
		return true
	}
	all := entries(text)
	if len(all) == 0 {
		return false
	}
	_, same := open(key, app, email, all[0], now)
	return same
}

// Knows reports whether the account is still as it was when the entry was made: the same user
// at the same epoch.
func (d Device) Knows(key Key, u User) bool {
	return key.CheckMAC(stampLabel, d.stamp, stamped(u, d.ID)...)
}

// entries takes a token apart, the latest account first. None of them is checked.
func entries(text string) [][]byte {
	text, _, _ = strings.Cut(text, ".")
	raw, ok := token.Decode(text, len(text)*3/4)
	if !ok || len(raw)%entrySize != 0 || len(raw) > Most*entrySize {
		return nil
	}
	return slices.Collect(slices.Chunk(raw, entrySize))
}

// issued is the time that an entry names, true or not.
func issued(raw []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(raw[dateAt:])), 0) //nolint:gosec // believed only behind a MAC
}

func open(key Key, app uuid.UUID, email string, raw []byte, now time.Time) (Device, bool) {
	d := Device{
		ID: raw[:idSize], issued: issued(raw), stamp: raw[stampAt:macAt],
		Verified: raw[flagAt]&verifiedBit != 0, SignedUp: raw[flagAt]&signedUpBit != 0,
	}
	if !key.CheckMAC(entryLabel, raw[macAt:], d.sealed(app, email)...) || now.Sub(d.issued) >= Age {
		return Device{}, false
	}
	if raw[flagAt] > verifiedBit|signedUpBit { // one spelling: the MAC is over the flag, not over its byte
		return Device{}, false
	}
	return d, true
}

func (d Device) date() []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(d.issued.Unix())) //nolint:gosec // only its bytes count
}

func (d Device) flag() []byte {
	var flag byte
	if d.Verified {
		flag |= verifiedBit
	}
	if d.SignedUp {
		flag |= signedUpBit
	}
	return []byte{flag}
}

func (d Device) sealed(app uuid.UUID, email string) [][]byte {
	return [][]byte{app[:], []byte(email), d.ID, d.date(), d.flag(), d.stamp}
}

func stamped(u User, id []byte) [][]byte {
	return [][]byte{u.App[:], u.ID[:], binary.BigEndian.AppendUint64(nil, uint64(u.Epoch)), id} //nolint:gosec // only its bytes count
}
