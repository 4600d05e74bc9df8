package authkit

import (
	"fmt"
	"net/http"
	"time"

	"github.com/authkit-dev/authkit/internal/ratelimit"
)

// policy is a limit as an answer tells it (draft-ietf-httpapi-ratelimit-headers-10): lists
// of RFC 9651, of one item each.
type policy struct {
	name string
	rate ratelimit.Rate
}

// setPolicyHeader says how much the limit lets through.
func (p policy) setPolicyHeader(header http.Header) {
	header.Set("Ratelimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", p.name, p.rate.N, p.rate.Per/time.Second))
}

// setExhaustedHeader says that nothing is left of the limit for a while.
func (p policy) setExhaustedHeader(header http.Header, wait time.Duration) {
	header.Set("Ratelimit", fmt.Sprintf("%q;r=0;t=%d", p.name, wholeSeconds(wait)))
}

// wholeSeconds is a wait that is not too short.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
