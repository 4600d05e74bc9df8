package authkit

// class is the class of an asker of challenges. Each class has its own mails, live challenges and
// wrong codes at an address, so that strangers use up nothing of the others.
type class uint8

// The classes of askers.
const (
	classStranger class = iota
	classDevice         // that signed in to the account before
	classSession        // of the account, or its right password
)

// countMail returns the counts of a mail. An address has one limit for all strangers together,
// one for each known device (and four times that for all of them), and one for the account's own
// session. The session of an account that never verified the address counts as a stranger's: a
// person who makes one must not be able to send mail to another's address.
func (l *limiter) countMail(data challengeData) []count {
	switch {
	case data.Class == classSession && data.proven:
		return []count{l.countFor(limitMailOwner, data.Email)}
	case data.Class == classDevice:
		all := l.countFor(limitMailKnown, data.Email)
		all.factor = knownTimes
		return []count{l.countFor(limitMailDevice, data.Email+" "+string(data.device)), all}
	}
	return []count{l.countFor(limitMailEmail, data.Email)}
}

// knownTimes is how much mail all known devices of an address get together, as a multiple of what
// one gets. An account may have any number of devices.
const knownTimes = 4

// countCode returns the counts of a try at a code. The day is in the key, and within a day time
// gives nothing back. Tries from a session count at the address of its account, which no other
// account has, and which a new account in its place does not start anew. Tries at a change of
// address count for the user and, over all users together, for the new address.
func (l *limiter) countCode(got challenge, day string) []count {
	of := func(who string) count {
		return l.countFor(limitCodeEmail, day+" "+string(rune('0'+got.data.Class))+" "+who)
	}
	if got.data.Was != "" {
		return []count{of(got.user.String()), of("to " + got.data.Email)}
	}
	return []count{of(got.data.Email)}
}
