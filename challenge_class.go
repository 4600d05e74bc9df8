package authkit

// class tells the askers of challenges apart. Each class has its own mail, its own live challenges
// and its own wrong codes at an address, so that strangers take nothing from the rest.
type class uint8

// The classes of askers.
const (
	classStranger class = iota
	classDevice         // that signed in to the account before
	classSession        // of the account, or its right password
)

// countMail is what a mail counts for. An address gets so much from all strangers together,
// from each device that is known (and four times that from all of them), and from the
// account's own session. That of an account which never proved the address is a stranger's:
// a person who makes one must not be able to send mail to another's address.
func (l *limiter) countMail(data challengeData) []count {
	switch {
	case data.Class == classSession && data.proven:
		return []count{l.countFor(limitMailOwner, data.Email)}
	case data.Class == classDevice:
		all := l.countFor(limitMailKnown, data.Email)
		all.times = knownTimes
		return []count{l.countFor(limitMailDevice, data.Email+" "+string(data.device)), all}
	}
	return []count{l.countFor(limitMailEmail, data.Email)}
}

// knownTimes is how much mail all known devices of an address get together, as a multiple of
// what one gets: an account has any number of them.
const knownTimes = 4

// countCode is what a try at a code counts for. The day is in the key, and within a day
// nothing is given back by time. A session's are at the address that its account has, which no
// other account has, and which a new account in its place does not begin anew. Those of a move
// to another address are the user's and, of all users together, that address's.
func (l *limiter) countCode(got challenge, day string) []count {
	of := func(who string) count {
		return l.countFor(limitCodeEmail, day+" "+string(rune('0'+got.data.Class))+" "+who)
	}
	if got.data.Was != "" {
		return []count{of(got.user.String()), of("to " + got.data.Email)}
	}
	return []count{of(got.data.Email)}
}
