package main

import (
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

var (
	//go:embed page.html
	pageText string
	page     = template.Must(template.New("page").Parse(pageText))

	//go:embed mailbox.html
	mailboxText string
	mailbox     = template.Must(template.New("mailbox").Funcs(template.FuncMap{"framed": framed}).Parse(mailboxText))
)

// product is Sprig: which user watered which plant today.
type product struct {
	engine *authkit.Engine
	app    uuid.UUID

	mu      sync.Mutex
	watered map[watering]bool
}

type watering struct {
	user  uuid.UUID
	plant string
}

type plant struct {
	Name    string
	Watered bool
}

var plants = []string{"Fern", "Basil", "Lemon tree"}

// show writes the page: that of the user, or of a stranger.
func (p *product) show(w http.ResponseWriter, r *http.Request) {
	data := struct {
		App    uuid.UUID
		Name   string // of the user; empty: a stranger
		Plants []plant
	}{App: p.app}
	if who, ok := authkit.IdentityFrom(r.Context()); ok {
		user, err := p.engine.User(r.Context(), authkit.UserRef{App: who.App, ID: who.User})
		if err != nil {
			http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
			return
		}
		if data.Name = user.Name; data.Name == "" {
			data.Name = user.EmailTyped
		}
		data.Plants = p.plantsOf(who.User)
	}
	w.Header().Set("Cache-Control", "no-store") // nor behind the button "back", after a sign-out
	_ = page.Execute(w, data)
}

func (p *product) plantsOf(user uuid.UUID) []plant {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]plant, len(plants))
	for i, name := range plants {
		out[i] = plant{name, p.watered[watering{user, name}]}
	}
	return out
}

// water serves the button beside a plant.
func (p *product) water(w http.ResponseWriter, r *http.Request) {
	who, _ := authkit.IdentityFrom(r.Context()) // always there behind RequirePage
	if name := r.FormValue("plant"); slices.Contains(plants, name) {
		p.mu.Lock()
		p.watered[watering{who.User, name}] = true
		p.mu.Unlock()
	}
	http.Redirect(w, r, "/plants", http.StatusSeeOther)
}

// addMailbox shows every mail to everyone who reaches the server. No product does that.
func addMailbox(mux *http.ServeMux, mails *mail.Outbox) {
	mux.HandleFunc("GET /mailbox", func(w http.ResponseWriter, _ *http.Request) {
		all := mails.Messages()
		count := len(all)
		slices.Reverse(all)
		w.Header().Set("Cache-Control", "no-store")
		_ = mailbox.Execute(w, map[string]any{"Mails": all, "Count": count})
	})
	mux.HandleFunc("GET /mailbox/count", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(strconv.Itoa(len(mails.Messages()))))
	})
}

// framed is a mail for a frame without script, whose links open a tab.
func framed(html string) string { return `<base target="_blank">` + html }
