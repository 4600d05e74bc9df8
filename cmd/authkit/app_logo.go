package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/authkit-dev/authkit/internal/brand"
)

// logoOf returns the logo of an app as a document has it: in base64, and empty if there is none.
func (o offline) logoOf(ctx context.Context, app ownedApp) (*string, error) {
	if app.Logo == "" {
		return new(""), nil
	}
	png, err := o.Logo(ctx, app.Logo)
	if err != nil {
		return nil, err
	}
	return new(base64.StdEncoding.EncodeToString(png)), nil
}

// logoChange is a logo that import puts or, if it is empty, removes.
type logoChange struct{ png []byte }

// planLogo adds the change of the logo. What a document has is compared as it would be kept.
func (p *plan) planLogo(ctx context.Context, work offline) error {
	if p.document.Logo == nil {
		return nil
	}
	var was, is []byte
	var err error
	if p.app.Logo != "" {
		if was, err = work.Logo(ctx, p.app.Logo); err != nil {
			return err
		}
	}
	if text := *p.document.Logo; text != "" {
		upload, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return fmt.Errorf("logo is no base64: %w", err)
		}
		if is, err = brand.Logo(http.DetectContentType(upload), upload); err != nil {
			return fmt.Errorf("logo: %w", err)
		}
	}
	if !bytes.Equal(was, is) {
		p.logo = &logoChange{is}
		p.changes = append(p.changes, difference{Path: "logo", From: sum(was), To: sum(is)})
	}
	return nil
}

// sum stands for a picture in a difference; nil: there is none.
func sum(png []byte) jsontext.Value {
	if png == nil {
		return nil
	}
	sum := sha256.Sum256(png)
	return jsontext.Value(`"sha256:` + hex.EncodeToString(sum[:]) + `"`)
}

func (p *plan) applyLogo(ctx context.Context, work offline) error {
	switch {
	case p.logo == nil:
		return nil
	case p.logo.png == nil:
		return work.DropLogo(ctx, p.app.Ref())
	}
	return work.SetLogo(ctx, p.app.Ref(), "image/png", p.logo.png)
}
