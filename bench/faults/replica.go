package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// pair is a primary and its synchronous standby. They change places at each failover.
type pair struct{ primary, standby *cluster }

// newPair starts two clusters.
func newPair(ctx context.Context, w *world) (*pair, error) {
	primary, err := w.cluster(ctx)
	if err != nil {
		return nil, err
	}
	if err := primary.start(ctx); err != nil {
		return nil, err
	}
	standby, err := w.emptyCluster(ctx)
	if err != nil {
		return nil, err
	}
	p := &pair{primary, standby}
	return p, p.attach(ctx)
}

// dsn names both.
func (p *pair) dsn() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable", p.primary.port, p.standby.port)
}

// attach makes the standby anew from the primary, and then makes the primary wait for it at each
// commit. The standby's copy of the settings is older, so that a promoted standby waits for none.
func (p *pair) attach(ctx context.Context) error {
	if err := os.RemoveAll(p.standby.dir); err != nil {
		return err
	}
	args := []string{"-D", p.standby.dir, "-h", "127.0.0.1", "-p", strconv.Itoa(p.primary.port), "-U", "postgres", "-R", "-X", "stream", "--checkpoint=fast"}
	if !p.primary.w.long {
		args = append(args, "--no-sync")
	}
	if err := p.standby.tool(ctx, "pg_basebackup", args...); err != nil {
		return err
	}
	if err := p.standby.start(ctx); err != nil {
		return err
	}
	if err := p.primary.exec(ctx, "alter system set synchronous_standby_names = '*'"); err != nil {
		return err
	}
	if err := p.primary.exec(ctx, "select pg_reload_conf()"); err != nil {
		return err
	}
	for until := time.Now().Add(serverPatience); ; {
		state, err := p.primary.query(ctx, "select sync_state from pg_stat_replication where state = 'streaming'")
		if err == nil && state == "sync" {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(until) {
			return fmt.Errorf("the standby is %q, want sync: %w", state, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fail kills the primary and promotes the standby. It returns when the new primary takes writes;
// the other is down.
func (p *pair) fail(ctx context.Context) error {
	if err := p.primary.kill(); err != nil {
		return err
	}
	return p.promote(ctx)
}

func (p *pair) promote(ctx context.Context) error {
	if err := p.standby.exec(ctx, "select pg_promote(true, 60)"); err != nil {
		return err
	}
	p.primary, p.standby = p.standby, p.primary
	return nil
}

// part stops the process of the primary that sends to the standby, as where the network between
// them fails: what is written from then on does not reach the standby. join lets it go on.
func (p *pair) part(ctx context.Context) (join func() error, err error) {
	text, err := p.primary.query(ctx, "select pid from pg_stat_replication")
	if err != nil {
		return nil, err
	}
	pid, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("no process sends to the standby: %w", err)
	}
	return func() error { return syscall.Kill(pid, syscall.SIGCONT) }, syscall.Kill(pid, syscall.SIGSTOP)
}
