package authkit

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"
)

// parcel is a claimed mail while it is delivered.
type parcel struct {
	Mail

	letter letter
	broken error // why the letter cannot be opened
	holder mailHolder
	read   time.Time // when the policy looked ahead at it
}

// aheadFor is how long it counts what the policy has read ahead for a mail.
const aheadFor = time.Second

// unpack opens claimed mails.
func (o *outbox) unpack(due []Mail) []*parcel {
	all := make([]*parcel, len(due))
	for i, m := range due {
		all[i] = &parcel{Mail: m, holder: mailHolder{records: o.policy.records}}
		all[i].letter, all[i].broken = o.open(m)
	}
	sortWithinApps(all)
	return all
}

// sortWithinApps puts the mails of each app in the order in which they were queued. The turns of
// the apps stay as they are.
func sortWithinApps(all []*parcel) {
	of := map[uuid.UUID][]*parcel{}
	for _, p := range all {
		of[p.App] = append(of[p.App], p)
	}
	for _, its := range of {
		slices.SortFunc(its, func(a, b *parcel) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	}
	for i, p := range all {
		all[i], of[p.App] = of[p.App][0], of[p.App][1:]
	}
}

// recipient is an address to which an app sends mail, however it is spelled.
type recipient struct {
	app uuid.UUID
	to  string // canonical; empty for a letter that is never sent
}

// untried makes the mail due again at once.
func (p *parcel) untried(now time.Time) Settled {
	return Settled{App: p.App, ID: p.ID, Until: p.DueAt, DueAt: now, Attempts: p.Attempts}
}

func (p *parcel) recipient() recipient { return recipient{p.App, p.letter.holder()} }
