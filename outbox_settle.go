package authkit

import (
	"context"
	"fmt"

	"github.com/authkit-dev/authkit/internal/panics"
)

// settling settles mails while others are still being sent: as many in one step as came while the
// step before was written. So a mail that has left is noted about as soon as if it had a step of
// its own, and a crash sends few mails twice.
type settling struct {
	store  MailStore
	stop   context.CancelFunc // begins no more mail
	in     chan Settled
	result chan error
}

// settleInBackground starts settling. stop is called once a step has failed.
func settleInBackground(ctx context.Context, store MailStore, stop context.CancelFunc) *settling {
	s := &settling{store: store, stop: stop, in: make(chan Settled, mailBatch), result: make(chan error, 1)}
	go func() { s.result <- s.work(ctx) }()
	return s
}

// add settles a mail soon.
func (s *settling) add(m Settled) { s.in <- m }

// end waits until all mails are settled. Those of a step that failed are settled with the next
// step, and once more at the end: the error is that of the end.
func (s *settling) end() error {
	close(s.in)
	return <-s.result
}

func (s *settling) work(ctx context.Context) error {
	var waiting []Settled
	var err error
	for m := range s.in {
		waiting = append(waiting, m)
		for more := true; more; {
			select {
			case m, ok := <-s.in:
				if more = ok; ok {
					waiting = append(waiting, m)
				}
			default:
				more = false
			}
		}
		if waiting, err = s.settle(ctx, waiting); err != nil {
			s.stop()
		}
	}
	_, err = s.settle(ctx, waiting)
	return err
}

// settle writes one step and returns what is left to settle. A mail that was sent is noted even
// if Run has to stop just then. Otherwise it would be sent again.
func (s *settling) settle(ctx context.Context, mails []Settled) (left []Settled, err error) {
	if len(mails) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWait)
	defer cancel()
	if err := panics.Catch(func() error { return s.store.SettleMail(ctx, mails) }); err != nil {
		return mails, fmt.Errorf("settle %d mails: %w", len(mails), err)
	}
	return nil, nil
}
