package brand

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// The bounds of a logo.
const (
	MaxBytes = 64 << 10 // of the upload, and of what is written anew

	MaxWidth  = 480 // of what is written anew, in pixels
	MaxHeight = 160 // likewise

	// An upload is refused by the size that it announces, before a pixel is decoded: a few bytes
	// may announce gigabytes (a decompression bomb).
	maxSide, maxPixels = 4096, 4 << 20

	// A progressive JPEG has about ten scans. Each goes over the whole image, and may be a few
	// bytes long.
	maxScans = 64
)

// format is one kind of image that is decoded.
type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var formats = map[string]format{
	"image/png":  {png.DecodeConfig, png.Decode},
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode},
	"image/webp": {webp.DecodeConfig, webp.Decode},
}

// MediaTypes are the media types that [Logo] takes.
var MediaTypes = []string{"image/png", "image/jpeg", "image/webp"}

// Logo decodes an image of one of the [MediaTypes], makes it fit into MaxWidth by MaxHeight, and
// writes it anew as a PNG of at most MaxBytes. Only the pixels are kept: no metadata, no colour
// profile, no bytes after the end, so that no file that is valid in two formats comes through. Of
// an animation the first picture is kept. An image that is small enough keeps its size; a larger
// one, or one whose PNG would be too large, is scaled down in its proportions. What Logo has written
// comes back byte for byte from another call. The text of an error is for the developer.
func Logo(mediaType string, body []byte) ([]byte, error) {
	f, ok := formats[mediaType]
	switch {
	case !ok:
		return nil, fmt.Errorf("the type %q is not one of %q", mediaType, MediaTypes)
	case len(body) > MaxBytes:
		return nil, fmt.Errorf("the image has %d bytes, of at most %d", len(body), MaxBytes)
	}
	broken := fmt.Errorf("it is no image of the type %s that can be read", mediaType)
	size, err := f.config(bytes.NewReader(body))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, broken
	}
	if size.Width > maxSide || size.Height > maxSide || size.Width*size.Height > maxPixels {
		return nil, fmt.Errorf("the image has %d by %d pixels, of at most %d a side and %d in all", size.Width, size.Height, maxSide, maxPixels)
	}
	if mediaType == "image/jpeg" && bytes.Count(body, []byte{0xff, 0xda}) > maxScans {
		return nil, errors.New("the JPEG has too many scans: save it with the options that are usual")
	}
	img, err := f.decode(bytes.NewReader(body))
	if err != nil || img.Bounds().Dx() != size.Width || img.Bounds().Dy() != size.Height {
		return nil, broken
	}
	return written(img)
}

// written scales the image down until its PNG is small enough. Only a photograph takes more than
// one turn.
func written(img image.Image) ([]byte, error) {
	w, h := fit(img.Bounds().Dx(), img.Bounds().Dy())
	first := shrink(img, w, h)
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	for small := first; ; small = shrink(first, w, h) {
		var out bytes.Buffer
		if err := encoder.Encode(&out, small); err != nil {
			return nil, fmt.Errorf("write the logo anew: %w", err)
		}
		if out.Len() <= MaxBytes {
			return out.Bytes(), nil
		}
		w, h = max(1, w*7/8), max(1, h*7/8)
	}
}

// fit returns the size that an image has within MaxWidth and MaxHeight.
func fit(w, h int) (int, int) {
	if w <= MaxWidth && h <= MaxHeight {
		return w, h
	}
	if w*MaxHeight > h*MaxWidth { // the width is what bounds it
		return MaxWidth, max(1, (h*MaxWidth+w/2)/w)
	}
	return max(1, (w*MaxHeight+h/2)/h), MaxHeight
}
