package authkit

import (
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authkit-dev/authkit/internal/brand"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// Branding is how an app looks on the pages of the handler. A member that is empty is not shown.
// The URLs are https, or http on loopback.
type Branding struct {
	Color      string `json:"color,omitempty"`       // "#rrggbb", of buttons; the text on it is black or white, whichever can be read better
	HomeURL    string `json:"home_url,omitempty"`    // the app itself: where a sign-in goes on that has no other goal
	SupportURL string `json:"support_url,omitempty"` // where people find help
	TermsURL   string `json:"terms_url,omitempty"`   // what a new user agrees to
	PrivacyURL string `json:"privacy_url,omitempty"` // how personal data is used
}

// BrandingPatch changes the members that are not nil. An empty text clears a member.
type BrandingPatch struct {
	Color, HomeURL, SupportURL, TermsURL, PrivacyURL *string
}

// brandingMember is one member of [Branding].
type brandingMember struct {
	setting string // its name
	code    string // of the error of a wrong value
	check   func(string) error
	value   func(*Branding) *string
	patch   func(*BrandingPatch) **string
	json    func(*brandingJSON) *clearable
}

var brandingMembers = []brandingMember{
	{
		"branding.color", "invalid_color", func(s string) error { _, err := brand.ParseColor(s); return err },
		func(b *Branding) *string { return &b.Color },
		func(p *BrandingPatch) **string { return &p.Color },
		func(j *brandingJSON) *clearable { return &j.Color },
	}, {
		"branding.home_url", "invalid_url", httpio.CheckLink,
		func(b *Branding) *string { return &b.HomeURL },
		func(p *BrandingPatch) **string { return &p.HomeURL },
		func(j *brandingJSON) *clearable { return &j.HomeURL },
	}, {
		"branding.support_url", "invalid_url", httpio.CheckLink,
		func(b *Branding) *string { return &b.SupportURL },
		func(p *BrandingPatch) **string { return &p.SupportURL },
		func(j *brandingJSON) *clearable { return &j.SupportURL },
	}, {
		"branding.terms_url", "invalid_url", httpio.CheckLink,
		func(b *Branding) *string { return &b.TermsURL },
		func(p *BrandingPatch) **string { return &p.TermsURL },
		func(j *brandingJSON) *clearable { return &j.TermsURL },
	}, {
		"branding.privacy_url", "invalid_url", httpio.CheckLink,
		func(b *Branding) *string { return &b.PrivacyURL },
		func(p *BrandingPatch) **string { return &p.PrivacyURL },
		func(j *brandingJSON) *clearable { return &j.PrivacyURL },
	},
}

// branding is the look of an app. A patch changes the members that it has.
func branding() settingKind {
	of := func(v reflect.Value) Branding { b, _ := reflect.TypeAssert[Branding](v); return b }
	return settingKind{
		rank: brandingRank, body: reflect.TypeFor[brandingJSON](), null: true, onlyGiven: true, same: equal,
		read: func(_ string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(brandingJSON)
			to.Set(reflect.ValueOf(v.patch()))
			return v.given, nil
		},
		merge: func(was, patch reflect.Value) reflect.Value {
			p, _ := reflect.TypeAssert[BrandingPatch](patch)
			return reflect.ValueOf(of(was).with(p))
		},
		check: func(_ string, v reflect.Value, _ appDefaults) []FieldError { return of(v).check() },
		show:  func(v reflect.Value, _ appDefaults) any { return new(of(v).json()) },
	}
}

// with returns the branding after the patch.
func (b Branding) with(p BrandingPatch) Branding {
	for _, m := range brandingMembers {
		set(m.value(&b), *m.patch(&p))
	}
	return b
}

// check reports every member that is wrong.
func (b Branding) check() (bad []FieldError) {
	for _, m := range brandingMembers {
		if text := *m.value(&b); text != "" {
			if err := m.check(text); err != nil {
				bad = append(bad, FieldError{m.setting, m.code, m.setting + ": " + err.Error()})
			}
		}
	}
	return bad
}

func (b Branding) json() (out brandingJSON) {
	for _, m := range brandingMembers {
		*m.json(&out) = clearable{m.value(&b)}
	}
	return out
}

// brandingJSON is the JSON of a branding. In a request, null clears a member, and in the place of
// the whole object it clears every member; a member that is missing stays.
type brandingJSON struct {
	Color      clearable `json:"color"       null:"ok"` // of buttons, as #rrggbb; the text on it is black or white, whichever can be read better
	HomeURL    clearable `json:"home_url"    null:"ok"` // the app itself: where a sign-in goes on that has no other goal
	SupportURL clearable `json:"support_url" null:"ok"` // where people find help
	TermsURL   clearable `json:"terms_url"   null:"ok"` // what a new user agrees to
	PrivacyURL clearable `json:"privacy_url" null:"ok"` // how personal data is used

	given, cleared bool // the request has the member; as null
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (j *brandingJSON) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type plain brandingJSON
	cleared := dec.PeekKind() == 'n'
	err := json.UnmarshalDecode(dec, (*plain)(j))
	j.given, j.cleared = true, cleared
	return err
}

// patch returns the change that a request asks for.
func (j *brandingJSON) patch() (p BrandingPatch) {
	for _, m := range brandingMembers {
		*m.patch(&p) = m.json(j).text
		if j.cleared {
			*m.patch(&p) = new("")
		}
	}
	return p
}
