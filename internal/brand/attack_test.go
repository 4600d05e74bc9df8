package brand_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"runtime"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/brand"
)

const script = `<script>alert(document.domain)</script>`

// chunk is one chunk of a PNG.
func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// withChunk puts a chunk after the header of a PNG, which has 33 bytes.
func withChunk(body []byte, kind string, data []byte) []byte {
	return bytes.Join([][]byte{body[:33], chunk(kind, data), body[33:]}, nil)
}

// header is a PNG that has a header alone.
func header(w, h uint32) []byte {
	data := binary.BigEndian.AppendUint32(nil, w)
	data = append(binary.BigEndian.AppendUint32(data, h), 8, 6, 0, 0, 0)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", data)...)
}

// segment is one segment of a JPEG.
func segment(marker byte, data string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
}

// afterStart puts bytes after the first marker of a JPEG.
func afterStart(body, more []byte) []byte { return bytes.Join([][]byte{body[:2], more, body[2:]}, nil) }

// TestNothingButPixelsComesThrough hides a text in every place where a file has room for one.
func TestNothingButPixelsComesThrough(t *testing.T) {
	t.Parallel()
	picture, photo := asPNG(t, disc(24, 16)), asJPEG(t, disc(24, 16))
	end := len(picture) - 12 // of what stands before IEND
	for name, c := range map[string]struct {
		mediaType string
		body      []byte
	}{
		"a text in a PNG":                  {"image/png", withChunk(picture, "tEXt", []byte("Comment\x00"+script))},
		"a text in several languages":      {"image/png", withChunk(picture, "iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"+script))},
		"EXIF in a PNG":                    {"image/png", withChunk(picture, "eXIf", []byte("MM\x00*"+script))},
		"a colour profile":                 {"image/png", withChunk(picture, "iCCP", []byte("p\x00\x00"+script))},
		"a private chunk":                  {"image/png", withChunk(picture, "abCd", []byte(script))},
		"a page after a PNG":               {"image/png", append(bytes.Clone(picture), "<!doctype html>"+script...)},
		"a chunk before the end":           {"image/png", bytes.Join([][]byte{picture[:end], chunk("tEXt", []byte("a\x00"+script)), picture[end:]}, nil)},
		"EXIF in a JPEG":                   {"image/jpeg", afterStart(photo, segment(0xe1, "Exif\x00\x00MM\x00*"+script))},
		"a comment in a JPEG":              {"image/jpeg", afterStart(photo, segment(0xfe, "/*"+script+"*/=1"))},
		"XMP in a JPEG":                    {"image/jpeg", afterStart(photo, segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+script))},
		"an archive after a JPEG":          {"image/jpeg", append(bytes.Clone(photo), "PK\x03\x04"+script...)},
		"a page after a WebP":              {"image/webp", append(file(t, "lossy.webp"), script...)},
		"a colour profile in a WebP":       {"image/webp", withText(t, "lossy.webp")},
		"the same, lossless":               {"image/webp", withText(t, "lossless.webp")},
		"the same, lossy and seen through": {"image/webp", withText(t, "lossy-alpha.webp")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !bytes.Contains(c.body, []byte(script)) {
				t.Fatal("the upload does not hold the text")
			}
			_, out := logo(t, c.mediaType, c.body)
			if bytes.Contains(out, []byte("script")) || bytes.Contains(out, []byte("document")) {
				t.Errorf("got %q in the logo", script)
			}
			for _, kind := range kinds(t, out) {
				if !strings.Contains("IHDR IDAT IEND", kind) {
					t.Errorf("got the chunk %s, want only those of pixels", kind)
				}
			}
			if !bytes.HasSuffix(out, chunk("IEND", nil)) {
				t.Error("got bytes after the end, want none")
			}
		})
	}
}

// withText is a WebP whose colour profile begins with the text.
func withText(t *testing.T, name string) []byte {
	t.Helper()
	body := file(t, name)
	at := bytes.Index(body, []byte("ICCP"))
	if at < 0 {
		t.Fatalf("%s has no colour profile", name)
	}
	copy(body[at+8:], script)
	return body
}

// kinds are the chunks of a PNG.
func kinds(t *testing.T, body []byte) (kinds []string) {
	t.Helper()
	for rest := body[8:]; len(rest) >= 12; {
		n := binary.BigEndian.Uint32(rest)
		kinds = append(kinds, string(rest[4:8]))
		rest = rest[12+n:]
	}
	return kinds
}

func TestWhatIsNoImageIsRefused(t *testing.T) {
	t.Parallel()
	picture, photo := asPNG(t, disc(24, 16)), asJPEG(t, disc(24, 16))
	svg := `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">` + script + `</svg>`
	for name, c := range map[string]struct {
		mediaType string
		body      []byte
	}{
		"nothing":                        {"image/png", nil},
		"SVG as a PNG":                   {"image/png", []byte(svg)},
		"SVG as a JPEG":                  {"image/jpeg", []byte(svg)},
		"SVG as a WebP":                  {"image/webp", []byte(svg)},
		"SVG as it is":                   {"image/svg+xml", []byte(svg)},
		"a page":                         {"image/png", []byte("<!doctype html>" + script)},
		"a page after a PNG's signature": {"image/png", []byte("\x89PNG\r\n\x1a\n" + script)},
		"a page after a GIF's signature": {"image/png", []byte("GIF89a" + script)},
		"a GIF":                          {"image/gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;")},
		"a JPEG as a PNG":                {"image/png", photo},
		"a PNG as a JPEG":                {"image/jpeg", picture},
		"a PNG as a WebP":                {"image/webp", picture},
		"a PNG that ends early":          {"image/png", picture[:len(picture)/2]},
		"a JPEG that ends early":         {"image/jpeg", photo[:len(photo)/2]},
		"a WebP that ends early":         {"image/webp", file(t, "lossy.webp")[:600]},
		"a PNG that is damaged":          {"image/png", bytes.Replace(picture, []byte("IDAT"), []byte("IDAX"), 1)},
		"a PNG of no pixels":             {"image/png", header(0, 0)},
		"a JPEG without a picture":       {"image/jpeg", []byte{0xff, 0xd8, 0xff, 0xd9}},
		"a body that is too large":       {"image/png", append(bytes.Clone(picture), make([]byte, brand.MaxBytes)...)},
		"a type with a parameter":        {"image/png; a=b", picture},
		"a type in upper case":           {"IMAGE/PNG", picture},
		"a WebP that is an animation":    {"image/webp", []byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00ANIM\x00\x00\x00\x00")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := brand.Logo(c.mediaType, c.body); err == nil {
				t.Errorf("got a logo of %d bytes, want it refused", len(out))
			}
		})
	}
}

// Each scan of a JPEG is a few bytes, and has the decoder go over the whole picture again.
func TestAJPEGOfManyScansIsRefused(t *testing.T) {
	t.Parallel()
	photo := asJPEG(t, image.NewGray(image.Rect(0, 0, 8, 8)))
	at := bytes.Index(photo, []byte{0xff, 0xda})
	head, scan, end := photo[:at], photo[at:len(photo)-2], photo[len(photo)-2:]
	for scans, taken := range map[int]bool{1: true, 64: true, 65: false, 1000: false} {
		body := bytes.Join([][]byte{head, bytes.Repeat(scan, scans), end}, nil)
		if _, err := brand.Logo("image/jpeg", body); (err == nil) != taken {
			t.Errorf("%d scans: got %v, want it taken: %v", scans, err, taken)
		}
	}
}

// TestABombIsRefusedBeforeItIsDecoded measures the memory that a refusal takes. It runs alone.
func TestABombIsRefusedBeforeItIsDecoded(t *testing.T) { //nolint:paralleltest // what others allocate would count
	for name, c := range map[string]struct {
		mediaType string
		body      []byte
	}{
		"a PNG of 65,535 by 65,535":                  {"image/png", header(65535, 65535)},
		"a PNG of the largest size":                  {"image/png", header(1<<31-1, 1<<31-1)},
		"a PNG of 4,097 by 1":                        {"image/png", header(4097, 1)},
		"a PNG of 4,096 by 4,096":                    {"image/png", header(4096, 4096)},
		"a JPEG of 65,535 by 65,535":                 {"image/jpeg", append([]byte{0xff, 0xd8}, segment(0xc0, "\x08\xff\xff\xff\xff\x01\x01\x11\x00")...)},
		"a WebP of 16,384 by 16,384":                 {"image/webp", webp(vp8x(16384, 16384), vp8l(16384, 16384))},
		"a small WebP around a large picture":        {"image/webp", webp(vp8x(1, 1), vp8l(16384, 16384))},
		"a WebP of one pixel and 65,536 code tables": {"image/webp", webp(vp8l(1, 1))},
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // see above
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := brand.Logo(c.mediaType, c.body)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("got a logo, want it refused")
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
				t.Errorf("got %d bytes allocated for %d, want at most a megabyte", got, len(c.body))
			}
		})
	}
}

// webp is a WebP file of these chunks.
func webp(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func vp8x(w, h uint32) []byte {
	data := binary.LittleEndian.AppendUint32(make([]byte, 4, 12), w-1)[:7]
	return riff("VP8X", append(data, binary.LittleEndian.AppendUint32(nil, h-1)[:3]...))
}

func riff(kind string, data []byte) []byte {
	out := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data))), data...)
	return append(out, make([]byte, len(data)%2)...)
}

// vp8l is a lossless picture whose first pixel names the last of 65,536 groups of code tables. A
// decoder that makes them all takes 170 MB, and then finds that the file has ended.
func vp8l(w, h int) []byte {
	var b bits
	b.add(0x2f, 8)
	b.add(w-1, 14)
	b.add(h-1, 14)
	b.add(0, 1+3)                                      // no transparency, version
	b.add(0, 1)                                        // no transform
	b.add(0, 1)                                        // no colour cache
	b.add(1, 1)                                        // several groups
	b.add(7, 3)                                        // by tiles of 512 pixels
	b.add(0, 1)                                        // no colour cache
	for _, value := range []int{255, 255, 0, 255, 0} { // green, red, blue, opacity, distance: always the same
		b.add(1, 1) // a simple code
		b.add(0, 1) // of one symbol
		b.add(1, 1) // of eight bits
		b.add(value, 8)
	}
	return riff("VP8L", b.bytes)
}

// bits are written from the least significant one.
type bits struct {
	bytes []byte
	n     int
}

func (b *bits) add(value, n int) {
	for i := range n {
		if b.n%8 == 0 {
			b.bytes = append(b.bytes, 0)
		}
		b.bytes[b.n/8] |= byte(value>>i&1) << (b.n % 8)
		b.n++
	}
}

// FuzzLogo checks that no image panics, and that what is written is small and stays as it is.
func FuzzLogo(f *testing.F) {
	f.Add(uint8(0), asPNG(f, disc(24, 16)))
	f.Add(uint8(0), asPNG(f, plain(500, 3)))
	f.Add(uint8(1), asJPEG(f, disc(24, 16)))
	for _, name := range []string{"lossy.webp", "lossy-alpha.webp", "lossless.webp"} {
		f.Add(uint8(2), file(f, name))
	}
	f.Add(uint8(2), webp(vp8x(1, 1), vp8l(1, 1)))
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		out, err := brand.Logo(brand.MediaTypes[int(kind)%len(brand.MediaTypes)], body)
		if err != nil {
			return
		}
		img, again := logo(t, "image/png", out)
		if b := img.Bounds(); len(out) > brand.MaxBytes || b.Dx() > brand.MaxWidth || b.Dy() > brand.MaxHeight || !bytes.Equal(again, out) {
			t.Errorf("got %d bytes, %v, the same once more: %v, want it small and lasting", len(out), b, bytes.Equal(again, out))
		}
	})
}
