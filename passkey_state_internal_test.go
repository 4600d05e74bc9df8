package authkit

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// A passkey that is used all day keeps the states of the last minutes, and refuses when they are too many.
func TestAPasskeyForgetsOldStates(t *testing.T) {
	t.Parallel()
	var p passkeyData
	now := testTime
	spend := func(s shownState) (room bool) {
		p, room = p.spending(s, now)
		return room
	}
	state := func(n byte) shownState {
		return shownState{Challenge: bytes.Repeat([]byte{n}, challengeSize), Expires: now.Add(ceremonyTTL)}
	}
	for n := range maxSpent {
		if !spend(state(byte(n))) {
			t.Fatalf("use %d: got a refusal, want room", n)
		}
	}
	if spend(state(1)) || len(p.Spent) != maxSpent {
		t.Errorf("got room beyond %d states, want a refusal", maxSpent)
	}
	now = now.Add(2*ceremonyTTL - time.Second)
	if spend(state(2)) {
		t.Error("a second before the states are forgotten: got room, want a refusal")
	}
	now = now.Add(time.Second)
	last := state(3)
	if !spend(last) || len(p.Spent) != 1 {
		t.Errorf("later: got %d states, want the last one alone", len(p.Spent))
	}
	held := heldFactors{passkeys: []heldPasskey{{}, {passkeyData: p}}}
	if !held.spent(last) || slices.ContainsFunc([]byte{0, 1, 2, 4}, func(n byte) bool { return held.spent(state(n)) }) {
		t.Error("spent: got another answer than for the last state alone")
	}
}
