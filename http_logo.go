package authkit

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/authkit-dev/authkit/internal/brand"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// imageBody stands for the body of a request that is an image.
type imageBody struct{}

// takesImage is a function that reads an image by itself.
type takesImage struct {
	serve func(*call) error
}

func (a takesImage) run(c *call) error { return a.serve(c) }

func (takesImage) takes() (body, form reflect.Type) { return reflect.TypeFor[imageBody](), nil }

func setLogo(c *call) error {
	mediaType, image, err := httpio.Body(c.r, brand.MediaTypes...)
	if err != nil {
		return err
	}
	if err := c.e.SetLogo(c.ctx(), c.appRef(), mediaType, image); err != nil {
		return err
	}
	return c.noContent()
}

func dropLogo(c *call) error {
	if err := c.e.DropLogo(c.ctx(), c.appRef()); err != nil {
		return err
	}
	return c.noContent()
}

// showLogo answers with a logo. Its address changes with the picture, so that a copy is good for
// ever; the original is gone with the app, or with its next logo.
func showLogo(c *call) error {
	hash := c.r.PathValue("hash")
	png, err := c.e.Logo(c.ctx(), hash)
	if err != nil {
		return err
	}
	header, etag := c.w.Header(), strconv.Quote(hash)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("ETag", etag)
	if namesTag(c.r.Header.Values("If-None-Match"), etag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", "image/png")
	header.Set("Content-Length", strconv.Itoa(len(png)))
	_, _ = c.w.Write(png) // the peer may be gone
	return nil
}
