package authkit

import (
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/device"
)

// remembered names what a browser is remembered for. It changes with every change of the password or
// of the factors, and when all sessions are ended.
func (f *factors) remembered(u User, account *Account) (device.Remembered, error) {
	generation, err := f.generation(account)
	return device.Remembered{App: u.App, ID: u.ID, Epoch: u.Epoch, Generation: generation}, err
}

// remembers reports whether the person asked the app to remember this browser, not longer ago than the
// app allows. What cannot be read is not remembered.
func (f *factors) remembers(app App, account *Account, text string) bool {
	days := app.Settings.MFARememberDays
	if days <= 0 || text == "" {
		return false
	}
	r, err := f.remembered(account.User, account)
	if err != nil {
		return false
	}
	at, ok := device.RememberedAt(f.ring, r, text)
	age := f.now().Sub(at)
	return ok && age >= -clockLeeway && age < time.Duration(days)*day
}

// toRemember is what the device token of a sign-in notes: the account as it is after the sign-in.
// Nothing is noted where the app remembers no browser.
func (f *factors) toRemember(app App, account *Account, in SignIn) (*device.Remembered, error) {
	if app.Settings.MFARememberDays <= 0 || in.SessionID == uuid.Nil {
		return nil, nil
	}
	r, err := f.remembered(in.User, account)
	return &r, err
}
