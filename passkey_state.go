package authkit

import (
	"bytes"
	"slices"
	"time"
)

// shownState is what the state of a ceremony carries in which a passkey is shown. The state is a sealed
// text, and the store has none of it: anyone may begin such a ceremony, and a page does so as it opens.
//
// A state works once for a user: the step that uses a passkey notes the challenge in the passkey
// ([passkeyData.Spent]), and is guarded by the Version of the user.
type shownState struct {
	Challenge []byte    `json:"challenge"`
	RPID      string    `json:"rp_id"`
	Binding   []byte    `json:"binding"` // a hash of it
	Expires   time.Time `json:"expires"`
}

// spentState is a state that a passkey was used in. It is kept for longer than the state lives, since the
// clocks of two processes may differ.
type spentState struct {
	Challenge []byte    `json:"challenge"`
	Until     time.Time `json:"until"`
}

// maxSpent bounds the states that a passkey keeps: one every two seconds.
const maxSpent = 256

// spent reports whether the user has used the state.
func (f heldFactors) spent(s shownState) bool {
	return slices.ContainsFunc(f.passkeys, func(p heldPasskey) bool {
		return slices.ContainsFunc(p.Spent, func(one spentState) bool { return bytes.Equal(one.Challenge, s.Challenge) })
	})
}

// spending returns the data of the passkey after its use in a state, without the old ones. It reports
// whether there is room for the state.
func (p passkeyData) spending(s shownState, now time.Time) (passkeyData, bool) {
	p.Spent = slices.DeleteFunc(slices.Clone(p.Spent), func(one spentState) bool { return !one.Until.After(now) })
	if len(p.Spent) >= maxSpent {
		return p, false
	}
	p.Spent = append(p.Spent, spentState{s.Challenge, s.Expires.Add(ceremonyTTL)})
	return p, true
}
