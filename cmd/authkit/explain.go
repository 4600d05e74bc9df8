package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type explain struct {
	ofApp

	Request string `arg:"" name:"request_id" help:"The X-Request-Id of the answer, or the request_id of its body or page."`
}

// explanation is why a request was refused, in JSON, as the endpoint shows it.
type explanation struct {
	Rule     string `json:"rule"`
	Received string `json:"received"`
	Allowed  string `json:"allowed"`
	Setting  string `json:"setting"`
	Fix      string `json:"fix"`
}

// Run prints a member a line.
func (x *explain) Run(ctx context.Context) error {
	request, err := uuid.Parse(x.Request)
	if err != nil {
		return fmt.Errorf("request %q is no id: give the X-Request-Id of the answer, such as 01a21e58-b24d-73cf-9f6b-9e7003c8def5", x.Request)
	}
	work, app, err := x.openApp(ctx, reads)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	why, err := work.Explain(ctx, app.Ref(), request)
	switch {
	case errors.Is(err, authkit.CodeNotFound):
		return fmt.Errorf("request %q: %w; a server writes its refusals within some seconds, and a request to another app has none here", x.Request, err)
	case err != nil:
		return fmt.Errorf("request %q: %w", x.Request, err)
	}
	if x.JSON {
		return printJSON(os.Stdout, explanation{why.Rule, why.Received, why.Allowed, why.Setting, why.Fix})
	}
	rows, err := newList(false, "", "rule", why.Rule)
	if err != nil {
		return err
	}
	for _, member := range [][]string{{"received", why.Received}, {"allowed", why.Allowed}, {"setting", why.Setting}, {"fix", why.Fix}} {
		if err := rows.row(member); err != nil {
			return err
		}
	}
	return rows.end()
}
