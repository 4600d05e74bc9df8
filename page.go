package authkit

const (
	defaultPage = 50
	maxPage     = 500 // of an HTTP caller
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
