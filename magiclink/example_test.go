package magiclink_test

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/magiclink"
)

func ExampleParse() {
	key, id := make([]byte, 32), make([]byte, 16) // random in a real program
	app := uuid.MustParse("0190a000-0000-7000-8000-000000000001")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	raw, err := magiclink.Mint(key, magiclink.Claims{App: app, ID: id, ExpiresAt: now.Add(10 * time.Minute)})
	if err != nil {
		panic(err)
	}
	for _, later := range []time.Duration{time.Minute, time.Hour} {
		_, err := magiclink.Parse([][]byte{key}, raw, app, now.Add(later))
		fmt.Println("after", later, "valid:", err == nil)
	}
	// Output:
	// after 1m0s valid: true
	// after 1h0m0s valid: false
}
