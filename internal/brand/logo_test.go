package brand_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/authkit-dev/authkit/internal/brand"
)

var green = color.NRGBA{0x1a, 0x7f, 0x37, 255}

// disc is a green disc on nothing.
func disc(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if dx, dy := 2*x-w, 2*y-h; dx*dx+dy*dy < min(w, h)*min(w, h) {
				img.SetNRGBA(x, y, green)
			}
		}
	}
	return img
}

// plain is an image of one colour.
func plain(w, h int) *image.Paletted {
	return image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{green})
}

// noise is what compresses worst.
func noise(w, h int) *image.NRGBA {
	img, r := image.NewNRGBA(image.Rect(0, 0, w, h)), rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
	}
	return img
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// logo is an image as it is written anew.
func logo(t testing.TB, mediaType string, body []byte) (image.Image, []byte) {
	t.Helper()
	out, err := brand.Logo(mediaType, body)
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	img, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("what was written anew: got %v, want a PNG", err)
	}
	return img, out
}

func TestEveryFormatIsWrittenAnewAsPNG(t *testing.T) {
	t.Parallel()
	opaque := image.NewRGBA(image.Rect(0, 0, 24, 16))
	for i := range opaque.Pix {
		opaque.Pix[i] = 255
	}
	for name, c := range map[string]struct {
		mediaType string
		body      []byte
		opaque    bool // the pixel in the upper left, which is white then
	}{
		"PNG":                      {"image/png", asPNG(t, disc(24, 16)), false},
		"JPEG":                     {"image/jpeg", asJPEG(t, opaque), true},
		"WebP, lossy":              {"image/webp", file(t, "lossy.webp"), true},
		"WebP, lossy, transparent": {"image/webp", file(t, "lossy-alpha.webp"), false},
		"WebP, lossless":           {"image/webp", file(t, "lossless.webp"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img, out := logo(t, c.mediaType, c.body)
			if b := img.Bounds(); b != image.Rect(0, 0, 24, 16) {
				t.Errorf("got %v, want the size that it had", b)
			}
			corner, _ := color.NRGBAModel.Convert(img.At(0, 0)).(color.NRGBA)
			if c.opaque && (min(corner.R, corner.G, corner.B) < 230 || corner.A < 255) || !c.opaque && corner.A > 0 {
				t.Errorf("the pixel in the corner: got %v, want it white: %v, or transparent", corner, c.opaque)
			}
			if _, again := logo(t, "image/png", out); !bytes.Equal(again, out) {
				t.Error("what was written anew, written once more: got other bytes, want the same")
			}
		})
	}
}

func TestALargeLogoIsScaledDownInItsProportions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ w, h, wantW, wantH int }{
		"as large as may be": {480, 160, 480, 160},
		"one too wide":       {481, 160, 480, 160},
		"wide":               {960, 100, 480, 50},
		"high":               {100, 320, 50, 160},
		"both":               {1000, 1000, 160, 160},
		"a line":             {4096, 1, 480, 1},
		"an upright line":    {1, 4096, 1, 160},
		"one pixel":          {1, 1, 1, 1},
		"the most pixels":    {2048, 2048, 160, 160},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img, _ := logo(t, "image/png", asPNG(t, plain(c.w, c.h)))
			if b := img.Bounds(); b != image.Rect(0, 0, c.wantW, c.wantH) {
				t.Errorf("%dx%d: got %v, want %dx%d", c.w, c.h, b, c.wantW, c.wantH)
			}
		})
	}
}

func TestAPlainColorStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1000, 333}, {481, 161}, {4096, 3}, {7, 161}} {
		img, _ := logo(t, "image/png", asPNG(t, plain(size.X, size.Y)))
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				if got := color.NRGBAModel.Convert(img.At(x, y)); got != green {
					t.Fatalf("%v at (%d, %d): got %v, want %v", size, x, y, got, green)
				}
			}
		}
	}
}

func TestTooManyPixelsAreRefused(t *testing.T) {
	t.Parallel()
	for size, taken := range map[image.Point]bool{{4096, 1}: true, {4097, 1}: false, {1, 4096}: true, {1, 4097}: false, {2048, 2048}: true, {2049, 2048}: false} {
		if _, err := brand.Logo("image/png", asPNG(t, plain(size.X, size.Y))); (err == nil) != taken {
			t.Errorf("%v: got %v, want it taken: %v", size, err, taken)
		}
	}
}

func TestAPixelIsTheMeanOfWhatItCovers(t *testing.T) {
	t.Parallel()
	stripes := image.NewNRGBA(image.Rect(0, 0, 960, 2))
	for x := range 960 {
		for y := range 2 {
			if x%2 == 0 {
				stripes.SetNRGBA(x, y, color.NRGBA{255, 255, 255, 255})
			} else {
				stripes.SetNRGBA(x, y, color.NRGBA{A: 255})
			}
		}
	}
	img, _ := logo(t, "image/png", asPNG(t, stripes))
	for _, x := range []int{0, 100, 479} {
		if got, want := color.NRGBAModel.Convert(img.At(x, 0)), (color.NRGBA{128, 128, 128, 255}); got != want {
			t.Errorf("black and white stripes at half the size: got %v at %d, want %v", got, x, want)
		}
	}
	// What is transparent has no colour, whatever its bytes say: no dark rim around the disc.
	img, _ = logo(t, "image/png", asPNG(t, disc(1000, 1000)))
	rims := 0
	for i := range 160 * 160 {
		got, _ := color.NRGBAModel.Convert(img.At(i%160, i/160)).(color.NRGBA)
		if got.A == 0 {
			continue
		}
		if got.A < 255 {
			rims++
		}
		if got.A > 8 && (abs(got.R, green.R) > 8 || abs(got.G, green.G) > 8 || abs(got.B, green.B) > 8) {
			t.Fatalf("the rim of a disc: got %v, want the green of the disc", got)
		}
	}
	if rims == 0 {
		t.Error("the rim of a disc: got no pixel that is half opaque, want a smooth rim")
	}
}

func abs(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

func TestAPhotographIsMadeSmallEnough(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	if err := jpeg.Encode(&body, noise(480, 160), &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	if body.Len() > brand.MaxBytes {
		t.Fatalf("the upload has %d bytes, which is refused", body.Len())
	}
	img, out := logo(t, "image/jpeg", body.Bytes())
	b := img.Bounds()
	if len(out) > brand.MaxBytes || b.Dx() < 100 || abs(uint8(b.Dx()/b.Dy()), 3) > 0 {
		t.Errorf("got %d bytes and %v, want at most %d bytes, and about three times as wide as high", len(out), b, brand.MaxBytes)
	}
	if _, again := logo(t, "image/png", out); !bytes.Equal(again, out) {
		t.Error("written once more: got other bytes, want the same")
	}
}

func BenchmarkLogo(b *testing.B) {
	large := asPNG(b, plain(2048, 2048))
	for b.Loop() {
		if _, err := brand.Logo("image/png", large); err != nil {
			b.Fatal(err)
		}
	}
}
