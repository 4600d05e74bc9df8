package network

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

const (
	mostBody   = 64 << 10 // of a request, in bytes
	deepLevels = 9_000    // as many as fit in a body with their keys
)

// scribble is a request that no server wants.
type scribble struct {
	name string
	ask  ask
	want int
}

// scribbles returns requests to an app.
func scribbles(app string) []scribble {
	dots := strings.Repeat(".", 1<<20)
	text := func(member, value string) string { return `{"` + member + `":"` + value + `"}` }
	post := func(path, body string) ask {
		return ask{method: http.MethodPost, path: path + app, peer: onePeer, body: body}
	}
	return []scribble{
		{"1 MiB of dots as an access token", ask{method: http.MethodGet, path: "/auth/me/" + app, bearer: dots}, http.StatusRequestHeaderFieldsTooLarge},
		{"30 KiB of dots as an access token", ask{method: http.MethodGet, path: "/auth/me/" + app, bearer: dots[:30<<10]}, http.StatusUnauthorized},
		{"1 MiB of dots as a link", post("/auth/verify/", text("token", dots)), http.StatusRequestEntityTooLarge},
		{"60 KiB of dots as a link", post("/auth/verify/", text("token", dots[:60<<10])), http.StatusUnauthorized},
		{"1 MiB of dots as a refresh token", post("/auth/refresh/", text("refresh_token", dots)), http.StatusRequestEntityTooLarge},
		{"60 KiB of dots as a refresh token", post("/auth/refresh/", text("refresh_token", dots[:60<<10])), http.StatusUnauthorized},
		{"60 KiB of dots as a one-time code", post("/auth/token/", text("code", dots[:60<<10])), http.StatusUnauthorized},
		{"a body of deep arrays", post("/auth/credentials/", `{"email":`+strings.Repeat("[", mostBody-100)), http.StatusBadRequest},
		{"a body of deep objects", post("/auth/credentials/", strings.Repeat(`{"a":`, deepLevels)+"1"+strings.Repeat("}", deepLevels)), http.StatusBadRequest},
		{"a member of deep arrays", post("/auth/magic-link/", `{"email":`+strings.Repeat("[", deepLevels)+strings.Repeat("]", deepLevels)+"}"), http.StatusBadRequest},
		{"a body of many members", post("/auth/credentials/", "{"+strings.TrimSuffix(members(mostBody/16), ",")+"}"), http.StatusBadRequest},
		{"a body that is no JSON", post("/auth/credentials/", strings.Repeat("\x00", mostBody)), http.StatusBadRequest},
	}
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"m%08d":1,`, i)
	}
	return b.String()
}

// scribblers send each such request many times. All are refused, none by a failure.
func scribblers(ctx context.Context, s Setting, report *Report) error {
	child, err := start(ctx, plan{Store: "memory", Apps: 1, Limits: noLimits})
	if err != nil {
		return err
	}
	defer child.stop() //nolint:errcheck // it is checked below
	before, err := child.warmed(ctx)
	if err != nil {
		return err
	}
	all := scribbles(child.app(0).String())
	answers := make([]times, len(all))
	watching, stop := context.WithCancel(ctx)
	defer stop()
	most := make(chan int64, 1)
	go func() { most <- child.peak(watching) }()
	each(either(s, 8, 500)*len(all), 16, func(i int) {
		got := child.send(ctx, all[i%len(all)].ask)
		answers[i%len(all)].note(got.status, got.took)
	})
	stop()
	for i, one := range all {
		t := &answers[i]
		report.hold(t.count() > 0 && t.count() == t.count(one.want), one.name, t, fmt.Sprint(one.want, " only"))
	}
	now, err := child.state(ctx)
	if err != nil {
		return err
	}
	report.equal("rubbish: hashes", now.Hashed, 0)
	for status, n := range now.Status {
		if status >= http.StatusInternalServerError {
			report.equal(fmt.Sprintf("rubbish: answers %d", status), n, 0)
		}
	}
	above := <-most - before.RSS
	report.figure(above>>20 <= scribbleMemory, "rubbish: memory above idle", mb(above), fmt.Sprintf("≤ %d MB", scribbleMemory))
	if err := child.gone(ctx, report, "rubbish", before); err != nil {
		return err
	}
	return child.stop()
}

const scribbleMemory = 64 // MB above idle
