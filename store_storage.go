package authkit

// storage is the host's Store as the Engine uses it: what a step writes names the request that
// it comes from, and time is the store's.
type storage struct {
	Store // audited

	clock *storeClock
}
