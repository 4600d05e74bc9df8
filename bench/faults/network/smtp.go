package network

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	linkTTL    = 10 * time.Minute // of the links that the mails hold
	clockSteps = 10 * time.Second
)

// relayCase breaks the relay in each way while links are asked for. No request waits for it or
// sees it. Each mail arrives once after the relay is good again, except where the relay refused
// the recipient for good.
func relayCase(ctx context.Context, s Setting) (*Report, error) {
	report, moods := &Report{}, []mood{silent, deaf, dripping, forgetful, busy, overloaded, disgusted}
	errs, workers := make([]error, len(moods)), either(s, 4, 1)
	each(len(moods), workers, func(i int) { errs[i] = relayIn(ctx, s, report, moods[i]) })
	for _, err := range errs {
		if err != nil {
			return report, err
		}
	}
	return report, nil
}

// mailing is a child with its relay.
type mailing struct {
	*server

	relay *relay
	name  string // of its addresses
	asked int
}

func relayIn(ctx context.Context, s Setting, report *Report, m mood) error {
	dir, remove, err := s.folder()
	if err != nil {
		return err
	}
	defer remove()
	r, err := newRelay(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	child, err := start(ctx, plan{Store: filepath.Join(dir, "auth.db"), Relay: r.addr(), SendWait: 2 * time.Second, Apps: 4, Limits: noLimits})
	if err != nil {
		return err
	}
	defer child.stop() //nolint:errcheck // it is checked below
	b := &mailing{server: child, relay: r, name: "ann"}
	if s.Long {
		err = b.compare(ctx, report, m)
	} else {
		err = b.ask(ctx, report, m, 8)
	}
	if err == nil {
		err = b.settle(ctx, report, m)
	}
	if err == nil {
		err = child.stop()
	}
	return err
}

// link asks for a link for a new address, as a new peer.
func (b *mailing) link(ctx context.Context, i int) reply {
	return b.send(ctx, ask{
		method: http.MethodPost, path: "/auth/magic-link/" + b.app(i).String(),
		peer: peer(1, i), body: map[string]string{"email": address(b.name, i)},
	})
}

func (s *server) app(i int) uuid.UUID { return s.Apps[i%len(s.Apps)] }

// ask asks for n links in a mood, and waits until the relay has met some of their mails.
func (b *mailing) ask(ctx context.Context, report *Report, m mood, n int) error {
	b.relay.setMood(m)
	answers := &times{}
	each(n, 4, func(i int) {
		got := b.link(ctx, i)
		answers.note(got.status, got.took)
	})
	b.asked += n
	report.equal(fmt.Sprintf("the relay %s: links that were answered 202", m), answers.count(http.StatusAccepted), int64(n))
	for give := time.Now().Add(answerWithin); b.relay.tries() == 0; pause(ctx, 5*time.Millisecond) {
		if time.Now().After(give) {
			return fmt.Errorf("no mail came to the relay that %s", m)
		}
	}
	return nil
}

// The load of the long form.
const (
	linkRate   = 60 // a second
	linkRounds = 3
	linkFor    = 8 * time.Second
)

// compare asks for links at a steady rate, in turns with a good relay and in the mood.
func (b *mailing) compare(ctx context.Context, report *Report, m mood) error {
	var p50, p99 []float64
	var last [2]string
	for range linkRounds {
		good, bad := b.round(ctx, kind), b.round(ctx, m)
		p50 = append(p50, ratio(bad.percentile(50), good.percentile(50)))
		p99 = append(p99, ratio(bad.percentile(99), good.percentile(99)))
		for i, p := range []int{50, 99} {
			last[i] = fmt.Sprintf("%s beside %s", ms(bad.percentile(p)), ms(good.percentile(p)))
		}
		report.equal(fmt.Sprintf("the relay %s: answers but 202", m), good.count()+bad.count()-good.count(http.StatusAccepted)-bad.count(http.StatusAccepted), 0)
	}
	report.figure(median(p50) <= 1.2, fmt.Sprintf("the relay %s: p50 of a link", m), fmt.Sprintf("%.2f× (%s)", median(p50), last[0]), "≤ 1.2×")
	report.figure(median(p99) <= 2, fmt.Sprintf("the relay %s: p99 of a link", m), fmt.Sprintf("%.2f× (%s)", median(p99), last[1]), "≤ 2×")
	return ctx.Err()
}

func (b *mailing) round(ctx context.Context, m mood) *times {
	b.relay.setMood(m)
	answers, first := &times{}, b.asked
	var mu sync.Mutex
	ctx, cancel := context.WithTimeout(ctx, linkFor)
	defer cancel()
	steady(ctx, linkRate, func(i int) {
		got := b.link(context.WithoutCancel(ctx), first+i)
		answers.note(got.status, got.took)
		mu.Lock()
		defer mu.Unlock()
		b.asked = max(b.asked, first+i+1)
	})
	return answers
}

// settle makes the relay good, and moves the clock until each mail has arrived. What was refused
// for good is not sent again.
func (b *mailing) settle(ctx context.Context, report *Report, m mood) error {
	b.relay.setMood(kind)
	for ahead := time.Duration(0); ahead < linkTTL-time.Minute; ahead += clockSteps {
		if b.wait(ctx) {
			break
		}
		if err := b.moveClock(ctx, clockSteps); err != nil {
			return err
		}
	}
	twice, refused := int64(0), b.relay.refusals()
	for who, n := range b.relay.mails() {
		if n+refused[who] > 1 {
			twice++
		}
	}
	report.equal(fmt.Sprintf("the relay %s: recipients of a mail once it is good", m), int64(len(b.relay.mails())), int64(b.asked-len(refused)))
	report.equal(fmt.Sprintf("the relay %s: recipients of two mails", m), twice, 0)
	return nil
}

// idle is how long no mail arrives before the clock is moved: longer than a turn of Engine.Run.
const idle = 1500 * time.Millisecond

// wait waits while mails arrive, and reports whether all have.
func (b *mailing) wait(ctx context.Context) bool {
	before := -1
	for give := time.Now().Add(idle); time.Now().Before(give); pause(ctx, 10*time.Millisecond) {
		now := len(b.relay.mails())
		if now >= b.asked-len(b.relay.refusals()) {
			return true
		}
		if now != before {
			before, give = now, time.Now().Add(idle)
		}
	}
	return false
}
