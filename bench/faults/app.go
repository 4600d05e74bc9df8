package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// app is an app that a case has made. Every app has a developer of its own.
type app struct{ id, developer, key string }

// newApp makes an app. Its name is its developer's, too.
func (c *child) newApp(ctx context.Context, name string) (app, error) {
	got, err := c.client().with(developerHeader, name).post(ctx, "/apps", map[string]string{"name": name})
	if err == nil && got.status != http.StatusCreated {
		err = fmt.Errorf("create app %s: got %v, want 201", name, got)
	}
	return app{got.fields().AppID, name, got.fields().APIKey}, err
}

// linkToken returns the token in a mailed link.
func linkToken(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Query().Get("token")
}
