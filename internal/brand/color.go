// Package brand makes what a developer chose for the look of an app safe to show: a colour, with
// text on it that everyone can read, and a logo, which is written anew.
//
//	c, err := brand.ParseColor("#1a7f37")
//	text := c.On().String() // "#ffffff"
//	png, err := brand.Logo("image/webp", body)
package brand

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Color is an opaque colour in sRGB.
type Color struct{ R, G, B uint8 }

var errColor = errors.New("it is not # and six hexadecimal digits, such as #1a7f37")

// ParseColor reads "#rrggbb", in either case of the digits, and nothing more: no name, no short
// form, no transparency.
func ParseColor(s string) (Color, error) {
	if len(s) != len("#rrggbb") || s[0] != '#' {
		return Color{}, errColor
	}
	var c Color
	for i, part := range []*uint8{&c.R, &c.G, &c.B} {
		n, err := strconv.ParseUint(s[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return Color{}, errColor
		}
		*part = uint8(n)
	}
	return c, nil
}

// String returns the colour as "#rrggbb", in lower case.
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// On returns the colour of text on c: black or white, whichever has more contrast. That is at least
// 4.58, and WCAG 2.2 asks for 4.5 (success criterion 1.4.3).
func (c Color) On() Color {
	black, white := Color{}, Color{255, 255, 255}
	if Contrast(c, white) >= Contrast(c, black) {
		return white
	}
	return black
}

// Contrast returns the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
func Contrast(a, b Color) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is the relative luminance, from 0 to 1 (WCAG 2.2, "relative luminance").
func (c Color) luminance() float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// linear undoes the gamma of sRGB.
func linear(part uint8) float64 {
	v := float64(part) / 255
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}
