package main

import (
	"bytes"
	"encoding/json"
	"log"
	"net/http"
)

// ask posts to a route of authkit with the cookies, the address and the origin of the browser.
func (s site) ask(r *http.Request, route string, body map[string]string) (*answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	inner, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "/auth/"+route+"/"+s.app.String(), bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	inner.Header, inner.Host, inner.RemoteAddr = r.Header.Clone(), r.Host, r.RemoteAddr
	inner.Header.Set("Content-Type", "application/json")
	inner.Header.Set("Accept", "application/json")
	got := &answer{header: http.Header{}}
	s.auth.ServeHTTP(got, inner)
	return got, nil
}

// answer keeps an answer of authkit. It is an [http.ResponseWriter].
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// why returns the reason of a refusal (RFC 9457), for the person at the form.
func (a *answer) why() string {
	var p struct {
		Detail string `json:"detail"`
		Errors []struct {
			Detail string `json:"detail"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(a.body.Bytes(), &p); err != nil || p.Detail == "" {
		return http.StatusText(a.status)
	}
	if len(p.Errors) > 0 {
		return p.Errors[0].Detail
	}
	return p.Detail
}

// view is what a page shows.
type view struct {
	User, Problem string
	Mailed        bool
}

func (s site) show(w http.ResponseWriter, status int, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := s.page.Execute(w, v); err != nil {
		log.Printf("page: %v", err)
	}
}
