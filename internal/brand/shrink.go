package brand

import (
	"image"
	"image/color"
)

// shrink returns the image at w by h pixels, which must not be more than it has. A pixel of the result
// is the mean of the area of the image that it covers, weighted by how opaque that is. The sums
// are whole numbers, so that every machine writes the same bytes.
func shrink(img image.Image, w, h int) *image.NRGBA {
	b, out := img.Bounds(), image.NewNRGBA(image.Rect(0, 0, w, h))
	if b.Dx() == w && b.Dy() == h {
		for y := range h {
			for x := range w {
				out.Set(x, y, img.At(b.Min.X+x, b.Min.Y+y)) // exact, also where a pixel is hardly opaque
			}
		}
		return out
	}
	across, down := spread(b.Dx(), w), spread(b.Dy(), h)
	sums, row := make([]pixel, w*h), make([]pixel, w+1)
	at := reader(img)
	for y := range b.Dy() {
		clear(row)
		for x := range b.Dx() {
			s := across[x]
			p := pixelOf(at(b.Min.X+x, b.Min.Y+y))
			row[s.at].add(p, s.here)
			row[s.at+1].add(p, s.next)
		}
		s := down[y]
		for x := range w {
			sums[s.at*w+x].add(row[x], s.here)
			if s.next > 0 {
				sums[(s.at+1)*w+x].add(row[x], s.next)
			}
		}
	}
	area := uint64(b.Dx()) * uint64(b.Dy()) //nolint:gosec // no image has a negative side
	for i, sum := range sums {
		out.Set(i%w, i/w, sum.over(area))
	}
	return out
}

// share says on which pixels of a result one pixel of the image lies: on at and on the next, with
// these weights.
type share struct {
	at         int
	here, next uint64
}

// spread returns the share of each of n pixels in a result of w, which is at most n. A pixel of the
// result has the weight n in all.
func spread(n, w int) []share {
	out := make([]share, n)
	for i := range out {
		begin, end := i*w, (i+1)*w
		at := begin / n
		here := min(end, (at+1)*n) - begin
		out[i] = share{at, uint64(here), uint64(end - begin - here)} //nolint:gosec // the pixel ends after it begins
	}
	return out
}

// pixel is a sum of red, green, blue and opacity; the colours are multiplied by the opacity.
type pixel [4]uint64

func pixelOf(c color.RGBA64) pixel {
	return pixel{uint64(c.R), uint64(c.G), uint64(c.B), uint64(c.A)}
}

// reader returns the function that reads one pixel. The images of all decoders here have one that
// allocates nothing.
func reader(img image.Image) func(x, y int) color.RGBA64 {
	if quick, ok := img.(image.RGBA64Image); ok {
		return quick.RGBA64At
	}
	return func(x, y int) color.RGBA64 {
		c, _ := color.RGBA64Model.Convert(img.At(x, y)).(color.RGBA64)
		return c
	}
}

func (p *pixel) add(other pixel, weight uint64) {
	for i, v := range other {
		p[i] += v * weight
	}
}

// over returns the mean of a sum.
func (p *pixel) over(area uint64) color.RGBA64 {
	part := func(i int) uint16 { return uint16((p[i] + area/2) / area) } //nolint:gosec // a mean of what fits
	return color.RGBA64{R: part(0), G: part(1), B: part(2), A: part(3)}
}
