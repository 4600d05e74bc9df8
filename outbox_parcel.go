package authkit

import "time"

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
	return all
}
