package authkit

import "encoding/json"

// requiresProof reports whether a user with an unproven address may not sign in.
func (a App) requiresProof() bool { return a.Settings.VerifyEmail == VerifyEmailRequired }

// asksForProof reports whether a sign-up by password mails a proof and does not wait for it.
func (a App) asksForProof() bool {
	return a.Settings.VerifyEmail == "" || a.Settings.VerifyEmail == VerifyEmailAsk
}

// UnmarshalJSON reads the settings from a store's record. A record of an earlier version may have
// "require_verified": true, which is [VerifyEmailRequired].
func (s *Settings) UnmarshalJSON(record []byte) error {
	type plain Settings
	read := struct {
		*plain
		RequireVerified bool `json:"require_verified"`
	}{plain: (*plain)(s)}
	if err := json.Unmarshal(record, &read); err != nil {
		return err
	}
	if read.RequireVerified && s.VerifyEmail == "" {
		s.VerifyEmail = VerifyEmailRequired
	}
	return nil
}
