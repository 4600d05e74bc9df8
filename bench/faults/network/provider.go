package network

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	providerName   = "corp"
	providerMemory = 100 // MB above idle

	// The load of the long form.
	illRate     = 8 // sign-ins a second at each endpoint that is ill
	othersRate  = 40
	illRounds   = 3
	illFor      = 10 * time.Second
	signInRatio = 4 // every so many of the others is a sign-in at a good provider
)

// illEndpoints are the endpoints of which each is ill at an issuer of its own.
var illEndpoints = []string{discoveryAt, tokenAt, keysAt, userInfoAt}

// providerCase makes each endpoint of a provider ill in each way while users of other apps sign
// in at a good one.
func providerCase(ctx context.Context, s Setting) (*Report, error) {
	report, ailments := &Report{}, []ailment{hangs, endless, huge, drips, clogs}
	errs := make([]error, len(ailments))
	each(len(ailments), either(s, len(ailments), 1), func(n int) { errs[n] = ward(ctx, s, report, ailments[n]) })
	return report, errors.Join(errs...)
}

// crowd is how many users sign in at once at each endpoint that is ill. What fills memory is a
// matter of many.
func (a ailment) crowd() int {
	if a == clogs {
		return 60
	}
	return 10
}

// hospital is a child with issuers that can be made ill, one for each of its first apps, and a
// good one for its last app.
type hospital struct {
	*server

	issuers []*issuer
	token   string // of a user of the last app
}

func (h *hospital) close() {
	for _, i := range h.issuers {
		i.close()
	}
	_ = h.stop()
}

func openHospital(ctx context.Context) (_ *hospital, err error) {
	h := &hospital{}
	if h.server, err = start(ctx, plan{Store: "memory", Apps: len(illEndpoints) + 1, Limits: noLimits}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	for _, app := range h.Apps {
		i, err := newIssuer(ctx)
		if err != nil {
			return nil, err
		}
		h.issuers = append(h.issuers, i)
		q := url.Values{"app": {app.String()}, "name": {providerName}, "issuer": {i.url}}
		if _, err := h.control(ctx, http.MethodPost, "provider?"+q.Encode()); err != nil {
			return nil, err
		}
	}
	in, _ := h.signIn(ctx, len(illEndpoints), "me@example.com", peer(0, 1))
	h.token = in.text("token")
	return h, in.expect(http.StatusOK)
}

// signIn signs a user of an app in at its provider, and returns the last answer and the time of
// all that authkit answered.
func (h *hospital) signIn(ctx context.Context, app int, email, from string) (last reply, took time.Duration) {
	path := providerName + "/" + h.Apps[app].String()
	begun := h.send(ctx, ask{method: http.MethodGet, path: "/auth/" + path, peer: from})
	if begun.status != http.StatusOK {
		return begun, begun.took
	}
	code, err := h.visit(ctx, begun.text("redirect_url")+"&login_hint="+url.QueryEscape(email))
	if err != nil {
		return reply{err: err}, begun.took
	}
	last = h.send(ctx, ask{method: http.MethodPost, path: "/auth/callback/" + path, peer: from, body: map[string]string{
		"code": code.Get("code"), "state": code.Get("state"), "iss": code.Get("iss"), "binding": begun.text("binding"),
	}})
	return last, begun.took + last.took
}

// visit does the browser's part at an issuer, and returns the parameters of its answer.
func (h *hospital) visit(ctx context.Context, to string) (url.Values, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return nil, err
	}
	res, err := h.http.Do(r)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	back, err := res.Location()
	if err != nil {
		return nil, err
	}
	return back.Query(), nil
}

// ward runs one ailment.
func ward(ctx context.Context, s Setting, report *Report, with ailment) error {
	h, err := openHospital(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	before, err := h.collected(ctx)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	var most int64
	all.Go(func() { most = h.peak(watching) })
	if s.Long {
		h.compare(ctx, report, with)
	} else {
		h.beside(ctx, report, with, with.crowd())
	}
	stop()
	all.Wait()
	report.figure((most-before.RSS)>>20 <= providerMemory, fmt.Sprintf("a provider %s: memory above idle", with), mb(most-before.RSS), fmt.Sprintf("≤ %d MB", providerMemory))
	return h.gone(ctx, report, fmt.Sprintf("a provider %s", with), before)
}

// beside has n users sign in at each endpoint that is ill, all at once, and others meanwhile at
// the good one.
func (h *hospital) beside(ctx context.Context, report *Report, with ailment, n int) {
	h.fallIll(with)
	var ill, others times
	var all sync.WaitGroup
	all.Go(func() {
		each(n*len(illEndpoints), n*len(illEndpoints), func(i int) { h.patient(ctx, &ill, i) })
	})
	all.Go(func() {
		each(2*n, 2, func(i int) { h.other(ctx, &others, i) })
	})
	all.Wait()
	report.answers(with, &ill, &others)
}

// answers adds what the answers have to be: a provider that is ill is no fault of authkit's, and
// another app does not notice it.
func (r *Report) answers(with ailment, ill, others *times) {
	wrong := ill.count() - ill.count(http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusConflict)
	r.hold(wrong == 0 && ill.count() > 0, fmt.Sprintf("a provider %s: answers to its users", with), ill, "502, 504, and 409 where only the address is missing")
	r.hold(others.count() > 0 && others.count() == others.count(http.StatusOK), fmt.Sprintf("a provider %s: answers to others", with), others, "200 only")
}

// fallIll makes each of the first issuers ill at another endpoint.
func (h *hospital) fallIll(with ailment) {
	for i, path := range illEndpoints {
		h.issuers[i].fallIll(path, with)
	}
}

// patient is a user of a provider that may be ill.
func (h *hospital) patient(ctx context.Context, t *times, i int) {
	got, took := h.signIn(ctx, i%len(illEndpoints), address("ill", i), peer(1, i))
	t.note(got.status, took)
}

// other is a user of another app: one of several signs in at its provider, the others read their
// account.
func (h *hospital) other(ctx context.Context, t *times, i int) {
	app := len(illEndpoints)
	if i%signInRatio == 0 {
		got, took := h.signIn(ctx, app, address("good", i), peer(2, i))
		t.note(got.status, took)
		return
	}
	got := h.send(ctx, ask{method: http.MethodGet, path: "/auth/me/" + h.Apps[app].String(), bearer: h.token, peer: peer(2, i)})
	t.note(got.status, got.took)
}

// compare loads the child at a steady rate, in turns with good providers and with ill ones, and
// adds how long others waited.
func (h *hospital) compare(ctx context.Context, report *Report, with ailment) {
	var p50, p99 []float64
	var good, bad *times
	for range illRounds {
		h.fallIll(healthy)
		_, good = h.round(ctx)
		h.fallIll(with)
		var ill *times
		ill, bad = h.round(ctx)
		p50 = append(p50, ratio(bad.percentile(50), good.percentile(50)))
		p99 = append(p99, ratio(bad.percentile(99), good.percentile(99)))
		report.answers(with, ill, bad)
	}
	report.figure(median(p50) <= 1.2, fmt.Sprintf("a provider %s: p50 of others", with), fmt.Sprintf("%.2f× (last %s beside %s)", median(p50), ms(bad.percentile(50)), ms(good.percentile(50))), "≤ 1.2×")
	report.figure(median(p99) <= 2, fmt.Sprintf("a provider %s: p99 of others", with), fmt.Sprintf("%.2f× (last %s beside %s)", median(p99), ms(bad.percentile(99)), ms(good.percentile(99))), "≤ 2×")
}

func (h *hospital) round(ctx context.Context) (ill, others *times) {
	ill, others = &times{}, &times{}
	limited, cancel := context.WithTimeout(ctx, illFor)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() {
		steady(limited, illRate*len(illEndpoints), func(i int) { h.patient(ctx, ill, i) })
	})
	all.Go(func() { steady(limited, othersRate, func(i int) { h.other(ctx, others, i) }) })
	all.Wait()
	return ill, others
}
