package authkit

// storage is the host's Store as the Engine uses it: a request may begin with a remembered app,
// events of a step name the request that they come from, and time is that of the store.
type storage struct {
	guarded // an audited Store

	clock *storeClock
}
