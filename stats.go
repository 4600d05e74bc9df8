package authkit

import (
	"context"
	"fmt"
	"time"
)

const (
	maxStatsDays     = 366
	defaultStatsDays = 30
)

// StatsQuery names the days of [Engine.Stats]. Of each time the day counts, in UTC.
type StatsQuery struct {
	From time.Time // zero: 29 days before To
	To   time.Time // included; zero: today
}

// DayStats is what happened in an app on one day.
type DayStats struct {
	Day         time.Time        // its midnight, in UTC
	SignUps     int64            // users who signed up, by any method; such a sign-up is no sign-in
	SignIns     map[string]int64 // by method, as User.AuthMethod
	Refused     map[Code]int64   // requests of the app's routes that were refused, and refused sign-ins of Go callers
	ActiveUsers int64            // users who signed up, signed in or refreshed that day, each once; use of a session cookie counts
}

// Stats returns what happened in a developer's app, for each day from q.From to q.To, both
// included, oldest first. A process counts in memory, and [Engine.Run] writes the counts every ten
// seconds: what has just happened is missing, and a process that crashes loses its last ten seconds.
// Counts are kept for [StatDays]; earlier days are zero.
//
// [CodeInvalidRequest]: From is after To, or there are more than 366 days. [CodeAppNotFound].
func (e *Engine) Stats(ctx context.Context, ref AppRef, q StatsQuery) ([]DayStats, error) {
	if q.To.IsZero() {
		q.To = e.now()
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(0, 0, 1-defaultStatsDays)
	}
	first, last := dayOf(q.From), dayOf(q.To)
	switch {
	case first > last:
		return nil, invalid("from", "out_of_range", "from is after to")
	case last-first >= maxStatsDays:
		return nil, invalid("from", "out_of_range", fmt.Sprintf("from is more than %d days before to, both included", maxStatsDays))
	}
	app, err := e.OwnApp(ctx, ref)
	if err != nil {
		return nil, err
	}
	counts, err := e.store.Stats(ctx, app.ID, first, last)
	if err != nil {
		return nil, storeError(err, app.ID)
	}
	days := make([]DayStats, last-first+1)
	for i := range days {
		days[i] = DayStats{Day: time.Unix((first+int64(i))*int64(day/time.Second), 0).UTC(), SignIns: map[string]int64{}, Refused: map[Code]int64{}}
	}
	for _, c := range counts {
		days[c.Day-first].add(c)
	}
	return days, nil
}

func (d *DayStats) add(c Stat) {
	switch c.Kind {
	case StatSignUp:
		d.SignUps += c.N
	case StatSignIn:
		d.SignIns[c.Key] += c.N
	case StatRefused:
		d.Refused[Code(c.Key)] += c.N
	case StatActive:
		d.ActiveUsers += c.N
	}
}
