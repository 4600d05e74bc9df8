package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// app is an app that a case has made. Every app has a developer of its own.
type app struct{ id, developer, key string }

// newApp makes an app. Its name is its developer's, too. A sign-up mails nothing by itself, so that
// the mail of a case is the one that it asks for.
func (c *child) newApp(ctx context.Context, name string) (app, error) {
	as := c.client().with(developerHeader, name)
	got, err := as.post(ctx, "/apps", map[string]string{"name": name})
	if err == nil && got.status != http.StatusCreated {
		err = fmt.Errorf("create app %s: got %v, want 201", name, got)
	}
	made := app{got.fields().AppID, name, got.fields().APIKey}
	if err != nil {
		return made, err
	}
	for range 10 { // a case may have syncs fail already; the change may be repeated
		got, err = as.do(ctx, http.MethodPatch, "/apps/"+made.id, map[string]any{"verify_email": "off"})
		if err != nil || got.status != http.StatusServiceUnavailable {
			break
		}
	}
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("change app %s: got %v, want 200", name, got)
	}
	return made, err
}

// linkToken returns the token in a mailed link.
func linkToken(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Query().Get("token")
}
