package authkit

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/cursor"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// eventJSON is an event of the audit log.
type eventJSON struct {
	ID        uuid.UUID      `json:"id"`                                   // the id of the event
	Time      time.Time      `json:"time"`                                 // when it happened
	Type      string         `json:"type"`                                 // such as session.start
	Actor     nullText       `json:"actor"`                                // who did it: "console:" or "host:" and the id of a developer, "api_key:" and the id of a key, "host", or "cli"; null: the user, a stranger, or authkit
	UserID    *uuid.UUID     `json:"user_id"`                              // whom it is about; null: no user, or an unknown one
	IP        nullText       `json:"ip"`                                   // the address of the client; null: it is not known
	Result    string         `json:"result" api:"enum=ok|refused|warning"` // how it ended
	Reason    nullText       `json:"reason"`                               // why, such as the error code of a refusal; null: the type says it all
	RequestID nullText       `json:"request_id"`                           // of the answer; null: the host did it in Go
	Detail    jsontext.Value `json:"detail"`                               // an object that goes with the type; null: there is nothing to add
}

// AppendJSON implements [httpio.Appender].
func (e eventJSON) AppendJSON(b []byte) []byte {
	b = appendID(append(b, `{"id":`...), e.ID)
	b = appendTime(append(b, `,"time":`...), e.Time)
	b = appendText(append(b, `,"type":`...), e.Type)
	b = e.Actor.append(append(b, `,"actor":`...))
	b = append(b, `,"user_id":`...)
	if e.UserID == nil {
		b = append(b, "null"...)
	} else {
		b = appendID(b, *e.UserID)
	}
	b = e.IP.append(append(b, `,"ip":`...))
	b = appendText(append(b, `,"result":`...), e.Result)
	b = e.Reason.append(append(b, `,"reason":`...))
	b = e.RequestID.append(append(b, `,"request_id":`...))
	return append(append(append(b, `,"detail":`...), e.Detail...), '}')
}

func toEventJSON(e Event) eventJSON {
	return eventJSON{
		ID: e.ID, Time: e.Time.UTC(), Type: e.Type, Actor: nullText(e.Actor), UserID: e.subject(), IP: nullText(e.IP),
		Result: e.Result, Reason: nullText(e.Reason), RequestID: nullText(e.RequestID), Detail: detailJSON(e.Detail),
	}
}

// detailJSON returns the detail of an event on one line; null: there is no detail, or what the store
// returns is no JSON.
func detailJSON(detail []byte) jsontext.Value {
	v := jsontext.Value(detail)
	if len(v) == 0 || v.Compact() != nil {
		return jsontext.Value("null")
	}
	return v
}

// auditRefusal makes an event of the refusal of a request, unless a flow has made one. What only says
// that a request is wrong in itself, or brings no credential, is no event. The console app's log has
// those of routes that name no app.
func (c *call) auditRefusal(refusal *Error) {
	switch status := refusal.Code.Status(); {
	case refusal.Code == CodeUnauthenticated, c.request.wasTold():
		return
	case status != http.StatusUnauthorized && status != http.StatusForbidden && status != http.StatusConflict && status != http.StatusTooManyRequests:
		return
	}
	c.request.tell()
	ev := Event{App: c.appID(), Type: EventRequestRefuse, Reason: string(refusal.Code), Detail: withMember(refusal.ruleDetail(), "route", routeOf(c.r))}
	if ev.App == uuid.Nil {
		ev.App = Console
	}
	if c.developer == "" {
		ev.UserID = c.user.ID
	}
	c.e.hooks.tellRefusal(c.request, ev)
}

// eventsJSON is a page of the audit log.
type eventsJSON struct {
	Events []eventJSON `json:"events"` // newest first
	Next   string      `json:"next_cursor,omitempty"`
}

func listEvents(c *call) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	page, wrongPage := c.page(values)
	q, wrongFilter := readAuditQuery(values)
	if err := invalidAll(wrongPage, wrongFilter); err != nil {
		return err
	}
	read := func(p Page) ([]Event, error) { q.Page = p; return c.e.AuditLog(c.ctx(), c.appRef(), q) }
	at := func(e Event) cursor.Position { return cursor.Position{Time: e.Time, ID: e.ID} }
	if httpio.AcceptsOnly(c.r, ndjson) {
		return streamLines(c, read, at, func(b []byte, e Event) []byte { return toEventJSON(e).AppendJSON(b) })
	}
	events, next, err := readPage(c, values, page, read, at)
	if err != nil {
		return err
	}
	out := make([]eventJSON, len(events))
	for i, e := range events {
		out[i] = toEventJSON(e)
	}
	return c.writeJSON(http.StatusOK, eventsJSON{out, next})
}

// readAuditQuery reads the filters. All that is wrong with them is told at once. An empty filter
// is an error: it would list every event.
func readAuditQuery(values url.Values) (q EventQuery, err error) {
	var bad []FieldError
	if q.Type = values.Get("type"); values.Has("type") && q.Type == "" {
		bad = append(bad, FieldError{"type", "required", "type is empty; leave it out to list every event"})
	}
	if values.Has("user_id") {
		id, ok := httpio.CanonicalUUID(values.Get("user_id"))
		if !ok || id == uuid.Nil {
			bad = append(bad, FieldError{"user_id", "invalid_id", "user_id is not the id of a user"})
		}
		q.UserID = id
	}
	for name, at := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		if !values.Has(name) {
			continue
		}
		var ok bool
		if *at, ok = rfc3339(values.Get(name)); !ok {
			bad = append(bad, FieldError{name, "invalid_time", name + " is not a time such as 2030-01-02T15:04:05Z"})
		}
	}
	slices.SortFunc(bad, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	return q, invalidFields(bad)
}
