package authkit

import (
	_ "embed" // the browser client
	"sync"
)

//go:generate go run ./internal/tools/clienttypes
//go:generate go test -count=1 -run ^TestTheBrowserClientIsCurrent$ . -args -write-browser-client

// clientGz is the browser client, compressed: one ES module, the same text as in the npm package.
//
//go:embed clients/js/authkit.js.gz
var clientGz []byte

// clientETag changes with the browser client.
var clientETag = sync.OnceValue(func() string { return etagOf(clientGz) })

// clientScript serves the browser client. A page of any origin may import it.
func clientScript(c *call) error {
	return writeZipped(c, "text/javascript; charset=utf-8", clientGz, clientETag())
}
