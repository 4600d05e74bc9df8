package authkit

import (
	"net/url"
	"time"
)

// statsQuery names the days of a list of counts.
type statsQuery struct {
	From string `json:"from" api:"format=date"` // the first day, in UTC; 29 days before to, where it is left out
	To   string `json:"to" api:"format=date"`   // the last day, included, in UTC; today, where it is left out. At most 366 days
}

// statsJSON lists what happened in an app.
type statsJSON struct {
	Days []dayStatsJSON `json:"days"` // each day that was asked for, oldest first
}

// dayStatsJSON is what happened in an app on one day.
type dayStatsJSON struct {
	Day         string           `json:"day" api:"format=date"` // in UTC
	SignUps     int64            `json:"sign_ups"`              // users who signed up
	SignIns     map[string]int64 `json:"sign_ins"`              // sign-ins of known users, by method
	Refused     map[string]int64 `json:"refused"`               // refused requests, by code
	ActiveUsers int64            `json:"active_users"`          // users who signed up, signed in or refreshed that day, each once
}

func readStats(c *call) (any, error) {
	values, err := query(c.r)
	if err != nil {
		return nil, err
	}
	q, err := readStatsQuery(values)
	if err != nil {
		return nil, err
	}
	days, err := c.e.Stats(c.ctx(), c.appRef(), q)
	if err != nil {
		return nil, err
	}
	out := statsJSON{make([]dayStatsJSON, len(days))}
	for i, d := range days {
		refused := make(map[string]int64, len(d.Refused))
		for code, n := range d.Refused {
			refused[string(code)] = n
		}
		out.Days[i] = dayStatsJSON{d.Day.Format(time.DateOnly), d.SignUps, d.SignIns, refused, d.ActiveUsers}
	}
	return out, nil
}

func readStatsQuery(values url.Values) (q StatsQuery, err error) {
	var bad []FieldError
	for _, p := range []struct {
		name string
		into *time.Time
	}{{"from", &q.From}, {"to", &q.To}} {
		if !values.Has(p.name) {
			continue
		}
		if *p.into, err = time.Parse(time.DateOnly, values.Get(p.name)); err != nil || p.into.Year() < 1970 {
			bad = append(bad, FieldError{p.name, "invalid_time", p.name + " is not a day such as 2030-01-02"})
		}
	}
	return q, invalidFields(bad)
}
