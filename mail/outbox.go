package mail

import (
	"context"
	"slices"
	"sync"
)

// outboxLimit bounds the memory of a test that sends without end.
const outboxLimit = 1000

// Outbox is a [Mailer] for tests that keeps the latest 1000 messages in memory. It is safe for
// concurrent use.
type Outbox struct {
	mu       sync.Mutex
	messages []Message
}

// NewOutbox returns an empty Outbox.
func NewOutbox() *Outbox { return &Outbox{} }

// Send keeps m, unless ctx is done. If the Outbox is full, it drops the oldest message.
func (o *Outbox) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.messages) == outboxLimit {
		o.messages = slices.Delete(o.messages, 0, 1)
	}
	o.messages = append(o.messages, m)
	return nil
}

// Messages returns a copy of the kept messages, oldest first.
func (o *Outbox) Messages() []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.messages)
}

// Last returns the newest message to an address and reports whether there is one.
func (o *Outbox) Last(to string) (Message, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range slices.Backward(o.messages) {
		if m.To == to {
			return m, true
		}
	}
	return Message{}, false
}
