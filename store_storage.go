package authkit

// storage is the host's Store as the Engine uses it: events of a step name the request that they
// come from, and time is that of the store.
type storage struct {
	Store // audited

	clock *storeClock
}
