package authkit

import "time"

// The limits of mail that leaves, beside those of what is asked for. They keep an app, or all
// apps together, from being a mail cannon.
var (
	// limitMailAll is how much mail one address gets from all apps together, but from those
	// in which it was proven. The apps take turns: half of it is for mails that are an app's
	// first of the day, so that many apps leave room for another app's first. One asker gets
	// a third of it, so that one network leaves room for another's.
	limitMailAll   = limit{"mail/all", 60, day}
	limitMailAgain = limit{"mail/again", 30, day} // of those, mails of apps that had their first
	limitMailFirst = limit{"mail/first", 1, day}  // of one app
	limitMailAsker = limit{"mail/asker", 20, day} // of one network that asks

	// limitNotices is how many notices of one app an address gets, wherever it was proven.
	// One more is replaced by a mail that says so. After that no notice leaves.
	limitNotices     = limit{"mail/notices", 10, time.Hour}
	limitMoreNotices = limit{"mail/more", 1, time.Hour}
)

// limitMailDeveloper is the name of the limit on mails of all apps of one developer.
const limitMailDeveloper = "mail/developer"
