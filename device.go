package authkit

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// deviceAge is how long a device is known after its latest sign-in.
const deviceAge = 90 * day

// device is a browser, or what is like one, that signed in to an account before. What it
// keeps tells nothing to whoever reads it, and is good for a count of its own and for
// nothing else. The seal binds it to app and address, which are known before anything is
// counted; the stamp to the user and the Epoch, which are known only after: so no attempt
// costs the store more.
type device struct {
	id     []byte // stays through all sign-ins of the device, and so does its count
	issued time.Time
	proven bool // the address was, by that account
	stamp  []byte
}

const deviceSize = idSize + 8 + 1 + macSize + macSize

// maxDevices is for how many accounts a browser is known at once. Each costs a request 119
// bytes of its headers.
const maxDevices = 10

// KnowDevice answers what a browser keeps once it has signed in as u, so that
// [PasswordSignIn.Device] tells it from strangers: what others try on the account's address
// then locks it out no longer, nor, once u has proven the address, keeps mail from it that it
// asks for. It is good for 90
// days, for this account of this app, and for passwords only until the account's sessions are
// ended as one, as by a new password. before is what the browser has kept so far, or empty:
// with it the browser's count goes on, and it stays known to the nine accounts of any app that
// it signed in to last. The handler does this for browsers, by cookie.
func (e *Engine) KnowDevice(u User, before string) (string, error) {
	now := e.now()
	known, ok := e.device(u.App, u.Email, before, now)
	if !ok {
		known.id = token.Random(idSize)
	}
	known.issued, known.proven, known.stamp = now, u.Verified, e.ring.MAC("device stamp", stampOf(u, known.id)...)
	all := slices.Concat(known.id, known.date(), known.flag(), known.stamp, e.ring.MAC("device", known.sealed(u.App, u.Email)...))
	for _, raw := range deviceEntries(before) {
		if _, same := e.deviceOf(u.App, u.Email, raw, now); !same && now.Sub(issued(raw)) < deviceAge && len(all) < maxDevices*deviceSize {
			all = append(all, raw...)
		}
	}
	return token.Encode(all), nil
}

// deviceEntries takes apart what a browser keeps, the latest account first.
func deviceEntries(text string) [][]byte {
	raw, ok := token.Decode(text, len(text)*3/4)
	if !ok || len(raw)%deviceSize != 0 || len(raw) > maxDevices*deviceSize {
		return nil
	}
	return slices.Collect(slices.Chunk(raw, deviceSize))
}

// issued is the time that an entry names, true or not.
func issued(raw []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(raw[idSize:])), 0) //nolint:gosec // believed only behind a MAC
}

// device reads what a browser keeps; false for anything but what was made for this address
// in this app, in the last 90 days.
func (e *Engine) device(app uuid.UUID, email, text string, now time.Time) (device, bool) {
	for _, raw := range deviceEntries(text) {
		if d, ok := e.deviceOf(app, email, raw, now); ok {
			return d, true
		}
	}
	return device{}, false
}

// lastOn reports whether the user is the last who signed in to any app on a browser. It is true
// for an empty device, of which no sign-in is known.
func (e *Engine) lastOn(device string, u User) bool {
	if device == "" {
		return true
	}
	all := deviceEntries(device)
	if len(all) == 0 {
		return false
	}
	_, same := e.deviceOf(u.App, u.Email, all[0], e.now())
	return same
}

func (e *Engine) deviceOf(app uuid.UUID, email string, raw []byte, now time.Time) (device, bool) {
	stamp, mac := raw[idSize+9:deviceSize-macSize], raw[deviceSize-macSize:]
	d := device{id: raw[:idSize], issued: issued(raw), proven: raw[idSize+8] == 1, stamp: stamp}
	if !e.ring.CheckMAC("device", mac, d.sealed(app, email)...) || now.Sub(d.issued) >= deviceAge {
		return device{}, false
	}
	return d, raw[idSize+8] <= 1 // one spelling: the MAC is over the flag, not over its byte
}

func (d device) date() []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(d.issued.Unix())) //nolint:gosec // only its bytes count
}

// flag tells whether the account had proven the address.
func (d device) flag() []byte { return []byte{byte(flagged(d.proven))} }

func (d device) sealed(app uuid.UUID, email string) [][]byte {
	return [][]byte{app[:], []byte(email), d.id, d.date(), d.flag(), d.stamp}
}

func stampOf(u User, id []byte) [][]byte {
	return [][]byte{u.App[:], u.ID[:], binary.BigEndian.AppendUint64(nil, uint64(u.Epoch)), id} //nolint:gosec // only its bytes count
}

// asker is whoever tries a password: a device that is known, or a stranger to the address.
type asker struct {
	email string
	known *device
}

func (e *Engine) asker(app uuid.UUID, email string, in PasswordSignIn) asker {
	if in.Intent == "sign_up" {
		return asker{email: email} // whom nothing has locked out
	}
	if d, ok := e.device(app, email, in.Device, e.now()); ok {
		return asker{email, &d}
	}
	return asker{email: email}
}

// countTry is a device's own, or that of all strangers together: of those there are few a day
// besides, refilled evenly, since ten a minute are 14,400 passwords a day.
func (e *Engine) countTry(a asker) []count {
	if a.known != nil {
		return []count{e.limiter.by(limitCredentialsDevice, a.email+" "+token.Encode(a.known.id))}
	}
	return []count{e.limiter.by(limitCredentialsEmail, a.email), e.limiter.by(limitCredentialsDay, a.email)}
}

// checkDevice counts a device as a stranger after all, once, if the account is no longer as
// it knew it: another user has the address, or the password was changed.
func (e *Engine) checkDevice(ctx context.Context, app App, a *asker, account *Account) error {
	if a.known == nil || account != nil && e.ring.CheckMAC("device stamp", a.known.stamp, stampOf(account.User, a.known.id)...) {
		return nil
	}
	a.known = nil
	return e.limiter.hit(ctx, app, e.countTry(*a)...)
}
