package totp

import (
	"encoding/base64"
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the width of the empty border around a QR code, in modules (ISO/IEC 18004, 6.3.8).
const quiet = 4

// QR returns the QR code of a text as the data URL of an SVG image. The image is dark on a white ground,
// whatever it is shown on.
func QR(text string) (string, error) {
	path, size, err := Path(text)
	if err != nil {
		return "", err
	}
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path d="%[2]s"/></svg>`, size, path)
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg)), nil
}

// Path returns the dark modules of the QR code of a text as the attribute d of an SVG path, and the
// width of the picture in modules. Each run of dark modules in a row is one rectangle.
func Path(text string) (path string, size int, err error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", 0, fmt.Errorf("encode a QR code of %d bytes: %w", len(text), err)
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			run := 1
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
			x += run
		}
	}
	return b.String(), code.Size + 2*quiet, nil
}
