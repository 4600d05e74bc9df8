package authkit

import (
	"fmt"
	"net/http"
	"time"

	"github.com/authkit-dev/authkit/internal/ratetext"
)

// policy is a limit as response headers show it (draft-ietf-httpapi-ratelimit-headers-10): lists
// of RFC 9651, with one item each.
type policy struct {
	name string
	rate ratetext.Rate
}

// setPolicyHeader sets the header with the rate of the limit.
func (p policy) setPolicyHeader(header http.Header) {
	header.Set("Ratelimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", p.name, p.rate.N, p.rate.Per/time.Second))
}

// setExhaustedHeader sets the header that says that the limit is exhausted, and for how long.
func (p policy) setExhaustedHeader(header http.Header, wait time.Duration) {
	header.Set("Ratelimit", fmt.Sprintf("%q;r=0;t=%d", p.name, wholeSeconds(wait)))
}

// wholeSeconds returns a wait in seconds, rounded up.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
