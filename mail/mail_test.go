package mail

import (
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	data := Data{App: "A & B\r\nBcc: x", Link: "https://app.example/v?t=123456", Code: "654321", Minutes: 15, Email: "evil@example.com", Provider: "evil"}
	m, err := DefaultTemplates().Render("magic_link", data)
	if err != nil {
		t.Fatal(err)
	}
	if got := Link(m); got != data.Link {
		t.Errorf("got link %q, want %q", got, data.Link)
	}
	if got := Code(m); got != data.Code {
		t.Errorf("got code %q, want %q", got, data.Code)
	}
	if strings.ContainsAny(m.Subject, "\r\n") || strings.Contains(m.Text+m.HTML, "evil") {
		t.Errorf("got subject %q and text %q, want one line and no request text", m.Subject, m.Text)
	}
	if !strings.Contains(m.HTML, "A &amp; B") {
		t.Errorf("got %q, want the app's name escaped", m.HTML)
	}
	m, err = DefaultTemplates().Render("identity_linked", data)
	if err != nil || !strings.Contains(m.Text, "evil can now be used to sign in to your A & B") {
		t.Errorf("got %q, %v, want the provider and the app", m.Text, err)
	}
	if _, err := DefaultTemplates().Render("nope", data); err == nil {
		t.Error("got nil, want an error for an unknown name")
	}
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	box := NewOutbox()
	for range outboxLimit + 5 {
		if err := box.Send(t.Context(), Message{To: "a@example.com"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(box.Messages()); got != outboxLimit {
		t.Errorf("got %d messages, want %d", got, outboxLimit)
	}
	if _, ok := box.Last("b@example.com"); ok {
		t.Error("got a message, want none for a stranger")
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	err := Log(&b).Send(t.Context(), Message{Text: "go\nhttps://x.example/\n"})
	if err != nil || !strings.Contains(b.String(), "\nhttps://x.example/\n") {
		t.Errorf("got %q, %v, want the link on its own line", b.String(), err)
	}
}
