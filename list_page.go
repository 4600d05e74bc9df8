package authkit

const (
	defaultPage = 50
	maxPage     = 500 // for HTTP callers
)

// fill sets the default limit of a Go caller's page.
func (p *Page) fill() error {
	switch {
	case p.Limit < 0:
		return invalid("limit", "out_of_range", "limit is negative")
	case p.Limit == 0:
		p.Limit = defaultPage
	}
	return nil
}
