package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/authkit-dev/authkit/mail"
)

// postOffice takes the mail of the children.
type postOffice struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	mails map[string][]mail.Message // by address, in the order of their arrival
	came  chan struct{}             // closed at the next arrival
}

func newPostOffice() (*postOffice, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &postOffice{url: "http://" + listener.Addr().String(), mails: map[string][]mail.Message{}, came: make(chan struct{})}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(listener) }() // it ends with the post office
	return p, nil
}

func (p *postOffice) close() error { return p.server.Close() }

func (p *postOffice) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m mail.Message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails[m.To] = append(p.mails[m.To], m)
	close(p.came)
	p.came = make(chan struct{})
}

// errNoMail says that no mail came in time.
var errNoMail = errors.New("no mail came")

// count returns how many mails went to an address.
func (p *postOffice) count(to string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mails[to])
}

// take waits until more than after mails went to an address, and returns the first of them.
func (p *postOffice) take(ctx context.Context, to string, after int, patience time.Duration) (mail.Message, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		p.mu.Lock()
		all, came := p.mails[to], p.came
		p.mu.Unlock()
		if len(all) > after {
			return all[after], nil
		}
		select {
		case <-ctx.Done():
			return mail.Message{}, ctx.Err()
		case <-timer.C:
			return mail.Message{}, fmt.Errorf("mail %d to %s: %w", after+1, to, errNoMail)
		case <-came:
		}
	}
}
