package brand_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/authkit-dev/authkit/internal/brand"
)

func TestAColorIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"#000000": "#000000", "#1A7f37": "#1a7f37", "#ffffff": "#ffffff"} {
		if c, err := brand.ParseColor(text); err != nil || c.String() != want {
			t.Errorf("ParseColor(%q): got %s, %v, want %s", text, c, err, want)
		}
	}
	for _, text := range []string{
		"", "#", "#fff", "#1a7f3", "#1a7f377", "#1a7f37ff", "1a7f37", "1a7f370", "#1a7f3g", "#+1+1+1", "#-1-1-1", "#0x0x0x", "#1_1_1_", "# 1 1 1", "#１２",
		"red", "transparent", "rgb(0,0,0)", "var(--x)", "#1a7f37;", "#1a7f37 ", " #1a7f37", "#1a7f3\n", "#1a7f3\x00", "url(x)",
	} {
		if c, err := brand.ParseColor(text); err == nil {
			t.Errorf("ParseColor(%q): got %s, want an error", text, c)
		}
	}
}

// The ratios are those that the checkers on the web show.
func TestContrastIsThatOfWCAG(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b brand.Color
		want float64
	}{
		{brand.Color{}, brand.Color{255, 255, 255}, 21},
		{brand.Color{255, 255, 255}, brand.Color{255, 255, 255}, 1},
		{brand.Color{0x76, 0x76, 0x76}, brand.Color{255, 255, 255}, 4.54},
		{brand.Color{255, 0, 0}, brand.Color{255, 255, 255}, 4.00},
		{brand.Color{0, 0, 255}, brand.Color{255, 255, 255}, 8.59},
	} {
		if got := brand.Contrast(c.a, c.b); math.Abs(got-c.want) > 0.005 || got != brand.Contrast(c.b, c.a) {
			t.Errorf("Contrast(%s, %s): got %.3f, want %.2f, in both orders", c.a, c.b, got, c.want)
		}
	}
}

func TestTextOnAnyColorCanBeRead(t *testing.T) {
	t.Parallel()
	check := func(t rapid.TB, c brand.Color) {
		on := c.On()
		if got := brand.Contrast(c, on); got < 4.5 {
			t.Fatalf("%s on %s: got a contrast of %.3f, want 4.5 or more", on, c, got)
		}
		if on != (brand.Color{}) && on != (brand.Color{255, 255, 255}) {
			t.Fatalf("text on %s: got %s, want black or white", c, on)
		}
	}
	for v := range 256 { // greys are where black and white are closest
		check(t, brand.Color{uint8(v), uint8(v), uint8(v)})
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.Byte()
		check(t, brand.Color{part.Draw(t, "red"), part.Draw(t, "green"), part.Draw(t, "blue")})
	})
}
