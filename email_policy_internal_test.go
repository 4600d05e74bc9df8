package authkit

import (
	"encoding/json"
	"testing"
)

func TestStoredSettingsOfEarlierVersionsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	for record, want := range map[string]VerifyEmailPolicy{
		`{}`:                          "",
		`{"signup_closed":true}`:      "",
		`{"require_verified":false}`:  "",
		`{"require_verified":true}`:   VerifyEmailRequired,
		`{"verify_email":"off"}`:      VerifyEmailOff,
		`{"verify_email":"required"}`: VerifyEmailRequired,
		`{"signup_closed":true,"require_verified":true,"redirect_urls":["https://a.example/"]}`: VerifyEmailRequired,
	} {
		var got Settings
		if err := json.Unmarshal([]byte(record), &got); err != nil || got.VerifyEmail != want {
			t.Errorf("%s: got %q, %v, want %q", record, got.VerifyEmail, err, want)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var after Settings
		if err := json.Unmarshal(again, &after); err != nil || !after.same(got) || after.SignupClosed != got.SignupClosed {
			t.Errorf("%s, written again: got %s, %v", record, again, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"verify_email":1}`), &Settings{}); err == nil {
		t.Error("a record of another type: got no error")
	}
}
