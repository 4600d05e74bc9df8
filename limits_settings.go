package authkit

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authkit-dev/authkit/internal/ratetext"
)

// limits are the parsed limits of an app, or of the configuration.
type limits struct {
	credentials, signUp, mail, oauth ratetext.Rates
	user, developer                  ratetext.Rate // of writes; the zero Rate: not limited
}

// writesOff is the text that turns off a limit of writes.
const writesOff = "off"

// writeField describes one of the two limits of writes, which an app cannot set.
type writeField struct {
	config, fallback string
	text             func(*LimitConfig) *string
	rate             func(*limits) *ratetext.Rate
}

var writeFields = []writeField{
	{"Limits.User", "120/m", func(c *LimitConfig) *string { return &c.User }, func(l *limits) *ratetext.Rate { return &l.user }},
	{"Limits.Developer", "300/m", func(c *LimitConfig) *string { return &c.Developer }, func(l *limits) *ratetext.Rate { return &l.developer }},
}

// limitField describes one of the four limits that an app may tighten, with the keys that it may
// have.
type limitField struct {
	config, setting string // its names
	keys            []ratetext.Key
	fallback        string
	text            func(*LimitConfig) *string
	own             func(*AppLimits) *string
	json            func(*limitsJSON) **string
	rates           func(*limits) *ratetext.Rates
}

var limitFields = []limitField{
	{
		"Limits.Credentials", "limits.credentials", []ratetext.Key{ratetext.IP, ratetext.Email}, "20/m/ip, 10/m/email",
		func(c *LimitConfig) *string { return &c.Credentials },
		func(a *AppLimits) *string { return &a.Credentials },
		func(j *limitsJSON) **string { return &j.Credentials },
		func(l *limits) *ratetext.Rates { return &l.credentials },
	}, {
		"Limits.SignUp", "limits.sign_up", []ratetext.Key{ratetext.IP}, "20/h/ip",
		func(c *LimitConfig) *string { return &c.SignUp },
		func(a *AppLimits) *string { return &a.SignUp },
		func(j *limitsJSON) **string { return &j.SignUp },
		func(l *limits) *ratetext.Rates { return &l.signUp },
	}, {
		"Limits.Mail", "limits.mail", []ratetext.Key{ratetext.IP, ratetext.Email}, "5/h/email, 30/h/ip",
		func(c *LimitConfig) *string { return &c.Mail },
		func(a *AppLimits) *string { return &a.Mail },
		func(j *limitsJSON) **string { return &j.Mail },
		func(l *limits) *ratetext.Rates { return &l.mail },
	}, {
		"Limits.OAuth", "limits.oauth", []ratetext.Key{ratetext.IP}, "60/m/ip",
		func(c *LimitConfig) *string { return &c.OAuth },
		func(a *AppLimits) *string { return &a.OAuth },
		func(j *limitsJSON) **string { return &j.OAuth },
		func(l *limits) *ratetext.Rates { return &l.oauth },
	},
}

func (c *LimitConfig) fill(bad *problems) {
	for _, f := range limitFields {
		text := f.text(c)
		*text = cmp.Or(*text, f.fallback)
		if _, err := ratetext.Parse(*text, f.keys...); err != nil {
			bad.add(f.config, quote(*text), err.Error())
		}
	}
	for _, f := range writeFields {
		text := f.text(c)
		*text = cmp.Or(*text, f.fallback)
		if _, err := ratetext.ParseRate(*text); err != nil && *text != writesOff {
			bad.add(f.config, quote(*text), err.Error()+", or "+writesOff)
		}
	}
}

// parsed returns the limits of a configuration that fill found valid.
func (c *LimitConfig) parsed() limits {
	var out limits
	for _, f := range limitFields {
		*f.rates(&out), _ = ratetext.Parse(*f.text(c), f.keys...)
	}
	for _, f := range writeFields {
		*f.rate(&out), _ = ratetext.ParseRate(*f.text(c)) // the zero Rate for writesOff
	}
	return out
}

// forApp returns the limits of an app: its own where they are no wider than the engine's.
func (l limits) forApp(app App) limits { return l.tightened(app.Settings.Limits) }

func (l limits) tightened(own AppLimits) limits {
	if own == (AppLimits{}) {
		return l
	}
	for _, f := range limitFields {
		own, err := ratetext.Parse(*f.own(&own), f.keys...)
		if err == nil { // otherwise the app has no limit of its own, or a damaged one
			*f.rates(&l) = f.rates(&l).Tightened(own)
		}
	}
	return l
}

// exceeds reports whether any limit lets more through than the same one of most.
func (l limits) exceeds(most limits) bool {
	return slices.ContainsFunc(limitFields, func(f limitField) bool { return f.rates(&l).Over(*f.rates(&most)) != "" })
}

// check reports the errors of the limits that an app would have.
func (l limits) check(own AppLimits) (bad []FieldError) {
	for _, f := range limitFields {
		text := *f.own(&own)
		if text == "" {
			continue
		}
		rates, err := ratetext.Parse(text, f.keys...)
		if err != nil {
			bad = append(bad, FieldError{f.setting, "invalid_limit", f.setting + ": " + err.Error()})
			continue
		}
		if key := rates.Over(*f.rates(&l)); key != "" {
			got, _ := rates.Of(key)
			most, _ := f.rates(&l).Of(key)
			bad = append(bad, FieldError{f.setting, "too_wide", fmt.Sprintf(
				"%s lets %s/%s through, and an app may only tighten the engine's own %s/%s: write at most %d, and no more in the long run",
				f.setting, got, key, most, key, most.N)})
		}
	}
	return bad
}

// limitsJSON is the JSON of limits. In a request, null and a member that is null or missing mean
// the engine's own.
type limitsJSON struct {
	Credentials *string `json:"credentials" null:"ok"` // tries of a password, such as "20/m/ip, 10/m/email"
	SignUp      *string `json:"sign_up"     null:"ok"` // sign-ups with a password, such as "20/h/ip"
	Mail        *string `json:"mail"        null:"ok"` // requests for mail, such as "5/h/email, 30/h/ip"
	OAuth       *string `json:"oauth"       null:"ok"` // flows through a provider that begin, such as "60/m/ip"

	given bool // the request has the member
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (j *limitsJSON) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type plain limitsJSON
	err := json.UnmarshalDecode(dec, (*plain)(j))
	j.given = true
	return err
}

// own returns the limits of a request. It refuses an empty text, whose meaning is unclear.
func (j *limitsJSON) own() (own AppLimits, bad []FieldError) {
	for _, f := range limitFields {
		text := *f.json(j)
		if text != nil && *text == "" {
			bad = append(bad, FieldError{f.setting, "invalid_limit", f.setting + ` is empty: write a limit such as "10/m/ip", or null for the engine's own`})
		}
		set(f.own(&own), text)
	}
	return own, bad
}

func (l limits) json() (out limitsJSON) {
	for _, f := range limitFields {
		*f.json(&out) = new(f.rates(&l).String())
	}
	return out
}
