package authkit

import "time"

// The limits of mail that is sent, beside those of mail that is asked for. They prevent one app,
// or all apps together, from flooding an address.
var (
	// limitMailAll is how much mail one address gets from all apps together, without those in
	// which it was verified. Half of it is for the first mail of an app on that day, so that the
	// many mails of some apps leave room for another's first. One asker gets a third of it, so
	// that one network leaves room for others.
	limitMailAll   = limit{"mail/all", 60, day}
	limitMailAgain = limit{"mail/again", 30, day} // of those, mails after the first of an app
	limitMailFirst = limit{"mail/first", 1, day}  // of one app
	limitMailAsker = limit{"mail/asker", 20, day} // asked for by one network

	// limitNotices is how many notices of one app an address gets, wherever it was proven.
	// One more is replaced by a mail that says so. After that no notice leaves.
	limitNotices     = limit{"mail/notices", 10, time.Hour}
	limitMoreNotices = limit{"mail/more", 1, time.Hour}
)

// limitMailDeveloper is the name of the limit on the mails of all apps of one developer.
const limitMailDeveloper = "mail/developer"
