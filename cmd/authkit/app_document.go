package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// document is the configuration of one app as a file. A section that is missing is left as it is.
// A section that is there is whole: a setting that it lacks has its default, and a provider that
// it lacks is removed.
type document struct {
	ID        *uuid.UUID         `json:"app_id,omitzero"`
	Developer string             `json:"developer,omitzero"`
	Name      string             `json:"name,omitzero"`
	Settings  *settingsDocument  `json:"settings,omitzero"`
	Providers *[]providerSection `json:"providers,omitzero"`
	Logo      *string            `json:"logo,omitzero"` // an image in base64; empty: there is none
}

// settingsDocument are the settings of an app that differ from the default, under their names in
// the API. A test compares the two.
type settingsDocument struct {
	Signup          *string         `json:"signup,omitzero"`
	VerifyEmail     *string         `json:"verify_email,omitzero"`
	MFA             *string         `json:"mfa,omitzero"`
	MFARememberDays *int            `json:"mfa_remember_days,omitzero"`
	PasskeyRPID     *string         `json:"passkey_rp_id,omitzero"`
	LinkPolicy      *string         `json:"link_policy,omitzero"`
	MagicLink       *string         `json:"magic_link,omitzero"`
	RedirectURLs    *[]string       `json:"redirect_urls,omitzero"`
	Origins         *[]string       `json:"origins,omitzero"`
	AccessTTL       *int64          `json:"access_token_seconds,omitzero"`
	SessionIdle     *int64          `json:"session_idle_seconds,omitzero"`
	SessionAbsolute *int64          `json:"session_absolute_seconds,omitzero"`
	SessionMode     *string         `json:"session_mode,omitzero"`
	SigningAlg      *string         `json:"signing_alg,omitzero"`
	AuditDays       *int            `json:"audit_days,omitzero"`
	Limits          *limitsDocument `json:"limits,omitzero"`

	Branding *brandingDocument `json:"branding,omitzero"`
}

type limitsDocument struct {
	Credentials string `json:"credentials,omitzero"`
	SignUp      string `json:"sign_up,omitzero"`
	Mail        string `json:"mail,omitzero"`
	OAuth       string `json:"oauth,omitzero"`
}

// brandingDocument is the look of an app. A member that is missing is not set.
type brandingDocument struct {
	Color      string `json:"color,omitzero"`
	HomeURL    string `json:"home_url,omitzero"`
	SupportURL string `json:"support_url,omitzero"`
	TermsURL   string `json:"terms_url,omitzero"`
	PrivacyURL string `json:"privacy_url,omitzero"`
}

// patch sets every member, or clears it.
func (b brandingDocument) patch() authkit.BrandingPatch {
	return authkit.BrandingPatch{Color: &b.Color, HomeURL: &b.HomeURL, SupportURL: &b.SupportURL, TermsURL: &b.TermsURL, PrivacyURL: &b.PrivacyURL}
}

// providerSection is the configuration of one provider. A client secret that is missing stays as
// it is; so does a redirect URI where --base-url is not set, which else has its default.
type providerSection struct {
	Provider     string   `json:"provider"`
	ClientID     string   `json:"client_id,omitzero"`
	ClientSecret *string  `json:"client_secret,omitzero"`
	RedirectURI  string   `json:"redirect_uri,omitzero"`
	Scopes       []string `json:"scopes,omitzero"`
	Issuer       string   `json:"issuer,omitzero"`
	TrustEmail   bool     `json:"trust_email,omitzero"`
	Enabled      *bool    `json:"enabled,omitzero"` // true if it is missing
}

// readDocument reads a file, or stdin for "-". It refuses what it does not know.
func readDocument(file string) (document, error) {
	text, err := readFile(file)
	if file == "-" {
		file = "stdin"
	}
	if err != nil {
		return document{}, fmt.Errorf("read the document of an app: %w", err)
	}
	var d document
	if err := json.Unmarshal(text, &d, json.RejectUnknownMembers(true)); err != nil {
		return document{}, fmt.Errorf("%s is not the document of an app: %w; `authkit app export` writes one", file, explainJSON(text, err))
	}
	return d, d.check(file)
}

// readFile reads a file, or stdin for "-".
func readFile(file string) ([]byte, error) {
	const most = 1 << 20
	if file == "-" {
		return io.ReadAll(io.LimitReader(os.Stdin, most))
	}
	return os.ReadFile(file)
}

// explainJSON adds the line to an error of the JSON package. It leaves out the value, which may be
// a secret.
func explainJSON(text []byte, err error) error {
	line := func(offset int64) int { return 1 + bytes.Count(text[:min(int(offset), len(text))], []byte("\n")) }
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("line %d: %w", line(syntactic.ByteOffset), syntactic.Err)
	}
	semantic, ok := errors.AsType[*json.SemanticError](err)
	switch {
	case !ok:
		return err
	case errors.Is(semantic.Err, json.ErrUnknownName) && semantic.JSONPointer == "/settings/require_verified_email":
		return fmt.Errorf("line %d: settings.require_verified_email is now settings.verify_email: give \"required\" for true", line(semantic.ByteOffset))
	case errors.Is(semantic.Err, json.ErrUnknownName):
		return fmt.Errorf("line %d: there is no member %s", line(semantic.ByteOffset), semantic.JSONPointer)
	}
	return fmt.Errorf("line %d: %s is a JSON %s, and has to be a %s", line(semantic.ByteOffset), cmp.Or(string(semantic.JSONPointer), "it"), semantic.JSONKind, semantic.GoType)
}

// check refuses what the Engine could not tell from a correct document.
func (d document) check(file string) error {
	var bad []error
	if d.ID == nil && d.Name == "" {
		bad = append(bad, fmt.Errorf("%s: name is missing, and so is app_id: give at least one", file))
	}
	if d.Settings != nil {
		if s := d.Settings.Signup; s != nil && *s != "open" && *s != "closed" {
			bad = append(bad, fmt.Errorf("%s: settings.signup is %q: give open or closed", file, *s))
		}
	}
	if d.Providers != nil {
		seen := map[string]bool{}
		for i, p := range *d.Providers {
			switch {
			case p.Provider == "":
				bad = append(bad, fmt.Errorf("%s: providers[%d].provider is missing: give a name such as github", file, i))
			case seen[p.Provider]:
				bad = append(bad, fmt.Errorf("%s: providers[%d].provider is %q a second time: give each once", file, i, p.Provider))
			}
			seen[p.Provider] = true
		}
	}
	return errors.Join(bad...)
}

// settingsOf returns the settings that differ from the default.
func settingsOf(s authkit.Settings) *settingsDocument {
	d := &settingsDocument{
		VerifyEmail: textOrNull(string(s.VerifyEmail)), LinkPolicy: textOrNull(string(s.IdentityPolicy)), MagicLink: textOrNull(string(s.MagicLink)),
		MFA: textOrNull(string(s.MFA)), PasskeyRPID: textOrNull(s.PasskeyRPID),
		SessionMode: textOrNull(string(s.SessionMode)), SigningAlg: textOrNull(s.SigningAlg),
		AccessTTL: wholeSeconds(s.AccessTTL), SessionIdle: wholeSeconds(s.SessionIdle), SessionAbsolute: wholeSeconds(s.SessionAbsolute),
		RedirectURLs: listOrNull(s.RedirectURLs), Origins: listOrNull(s.Origins),
	}
	if s.SignupClosed {
		d.Signup = new("closed")
	}
	if s.Limits != (authkit.AppLimits{}) {
		d.Limits = new(limitsDocument(s.Limits))
	}
	if s.AuditDays != 0 {
		d.AuditDays = &s.AuditDays
	}
	d.MFARememberDays = &s.MFARememberDays
	d.Branding = new(brandingDocument(s.Branding))
	return d.normal()
}

// normal leaves out what is the default.
func (d *settingsDocument) normal() *settingsDocument {
	out := *d
	unset(&out.Signup, "open")
	unset(&out.VerifyEmail, string(authkit.VerifyEmailAsk))
	unset(&out.MFA, string(authkit.MFAOptional))
	unset(&out.MFARememberDays, 0)
	unset(&out.PasskeyRPID, "")
	unset(&out.LinkPolicy, string(authkit.IdentitiesJoinVerified))
	unset(&out.MagicLink, string(authkit.MagicLinkConfirm))
	unset(&out.SessionMode, string(authkit.SessionBearer))
	unset(&out.SigningAlg, "ES256")
	unset(&out.AuditDays, 400)
	unset(&out.Limits, limitsDocument{})
	unset(&out.Branding, brandingDocument{})
	for _, list := range []**[]string{&out.RedirectURLs, &out.Origins} {
		if *list != nil && len(**list) == 0 {
			*list = nil
		}
	}
	return &out
}

func unset[T comparable](field **T, fallback T) {
	if *field != nil && **field == fallback {
		*field = nil
	}
}

func wholeSeconds(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	return new(int64(d / time.Second))
}

func listOrNull(list []string) *[]string {
	if len(list) == 0 {
		return nil
	}
	return &list
}

// patch returns the change of the settings from was to d, both normal, of those members that
// differ.
func (d *settingsDocument) patch(was *settingsDocument) authkit.AppPatch {
	var p authkit.AppPatch
	if !reflect.DeepEqual(d.Signup, was.Signup) {
		p.SignupClosed = new(d.Signup != nil)
	}
	change(&p.VerifyEmail, d.VerifyEmail, was.VerifyEmail, func(s string) authkit.VerifyEmailPolicy { return authkit.VerifyEmailPolicy(s) })
	change(&p.MFA, d.MFA, was.MFA, func(s string) authkit.MFAPolicy { return authkit.MFAPolicy(s) })
	change(&p.MFARememberDays, d.MFARememberDays, was.MFARememberDays, func(days int) int { return days })
	change(&p.PasskeyRPID, d.PasskeyRPID, was.PasskeyRPID, func(s string) string { return s })
	change(&p.IdentityPolicy, d.LinkPolicy, was.LinkPolicy, func(s string) authkit.IdentityPolicy { return authkit.IdentityPolicy(s) })
	change(&p.MagicLink, d.MagicLink, was.MagicLink, func(s string) authkit.MagicLinkPolicy { return authkit.MagicLinkPolicy(s) })
	change(&p.SessionMode, d.SessionMode, was.SessionMode, func(s string) authkit.SessionMode { return authkit.SessionMode(s) })
	change(&p.SigningAlg, d.SigningAlg, was.SigningAlg, func(s string) string { return s })
	change(&p.AuditDays, d.AuditDays, was.AuditDays, func(days int) int { return days })
	change(&p.RedirectURLs, d.RedirectURLs, was.RedirectURLs, slices.Clone)
	change(&p.Origins, d.Origins, was.Origins, slices.Clone)
	change(&p.AccessTTL, d.AccessTTL, was.AccessTTL, lifetime)
	change(&p.SessionIdle, d.SessionIdle, was.SessionIdle, lifetime)
	change(&p.SessionAbsolute, d.SessionAbsolute, was.SessionAbsolute, lifetime)
	change(&p.Limits, d.Limits, was.Limits, func(l limitsDocument) authkit.AppLimits { return authkit.AppLimits(l) })
	if !reflect.DeepEqual(d.Branding, was.Branding) {
		p.Branding = new(cmp.Or(d.Branding, &brandingDocument{}).patch())
	}
	return p
}

// change sets a field of a patch if the values differ. A nil value is the zero value, which is
// the default.
func change[D, F any](field **F, is, was *D, to func(D) F) {
	if reflect.DeepEqual(is, was) {
		return
	}
	*field = new(F)
	if is != nil {
		**field = to(*is)
	}
}

// lifetime is a number of seconds. What is not a positive number, or would overflow, becomes -1,
// which the Engine refuses with the bounds.
func lifetime(seconds int64) time.Duration {
	if seconds <= 0 || seconds > int64(1<<62/time.Second) {
		return -1
	}
	return time.Duration(seconds) * time.Second
}
