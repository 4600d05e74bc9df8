package authkit

import "time"

// note adds an event to a step. The event gets an id and the time; an empty Result becomes "ok".
func (a *Riders) note(now time.Time, ev Event) {
	ev.ID, ev.Time = eventID(now, len(a.Events)), now
	if ev.Result == "" {
		ev.Result = "ok"
	}
	a.Events = append(a.Events, ev)
}
