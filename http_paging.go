package authkit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/token"
)

const (
	defaultPage = 50
	maxPage     = 500

	positionSize = 8 + 16 // microseconds, id
	cursorSize   = positionSize + sha256.Size
)

// fill sets the default of a page that a Go caller asks for.
func (p *Page) fill() error {
	switch {
	case p.Limit < 0:
		return invalid("limit", "out_of_range", "limit is negative")
	case p.Limit == 0:
		p.Limit = defaultPage
	}
	return nil
}

// query reads the parameters of a GET.
func (c *call) query() (url.Values, error) { return httpio.Query(c.r.URL.RawQuery) }

// page reads limit and cursor. A cursor is good for one path and one set of filters: its
// MAC covers both.
func (c *call) page(values url.Values) (Page, error) {
	p := Page{Limit: defaultPage}
	if values.Has("limit") {
		text := values.Get("limit")
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage || strconv.Itoa(n) != text {
			return p, invalid("limit", "out_of_range", fmt.Sprintf("limit is not between 1 and %d", maxPage))
		}
		p.Limit = n
	}
	if !values.Has("cursor") {
		return p, nil
	}
	raw, ok := token.Decode(values.Get("cursor"), cursorSize)
	if !ok || !c.e.ring.CheckMAC("cursor", raw[positionSize:], raw[:positionSize], c.listName(values)) {
		return p, invalid("cursor", "invalid_cursor", "cursor is not one of this list")
	}
	p.Time = time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC() //nolint:gosec // what next wrote
	p.ID = uuid.UUID(raw[8:positionSize])
	return p, nil
}

// listName tells lists apart: by path (/apps/ is /apps), caller and filters.
func (c *call) listName(values url.Values) []byte {
	filters := url.Values{}
	for name := range values {
		if name != "cursor" && name != "limit" {
			filters.Set(name, values.Get(name))
		}
	}
	path := strings.TrimSuffix(c.r.URL.Path, "/") // "/apps" and "/apps/" are one list
	return []byte(path + "?" + filters.Encode() + "#" + c.developer)
}

// next makes the cursor that goes on after a row, and announces it (RFC 8288).
func (c *call) next(values url.Values, at time.Time, id uuid.UUID) string {
	position := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMicro()))
	position = append(position, id[:]...)
	cursor := token.Encode(append(position, c.e.ring.MAC("cursor", position, c.listName(values))...))
	following := url.Values{}
	for name := range values {
		following.Set(name, values.Get(name))
	}
	following.Set("cursor", cursor)
	c.w.Header().Set("Link", "<"+c.e.url(c.r.URL.EscapedPath())+"?"+following.Encode()+`>; rel="next"`)
	return cursor
}
