package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

type showUser struct{ oneUser }

// shownUser is a user in JSON, with second factors, identities and sessions.
type shownUser struct {
	userRow

	SecondFactors []string      `json:"second_factors"` // "totp" and "passkey"
	RecoveryCodes int           `json:"recovery_codes_left"`
	Identities    []identityRow `json:"identities"`
	Sessions      []sessionRow  `json:"sessions"`
}

type identityRow struct {
	Provider  string    `json:"provider"`
	Email     string    `json:"email"`
	CreatedAt time.Time `json:"created_at"`
}

type sessionRow struct {
	ID         uuid.UUID `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	UserAgent  string    `json:"user_agent"`
	IP         string    `json:"ip"`
}

// Run prints the user.
func (s *showUser) Run(ctx context.Context) error {
	work, u, err := s.openUser(ctx, reads)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	factors, err := work.SecondFactors(ctx, refOf(u))
	if err != nil {
		return err
	}
	out := shownUser{userRow: toUserRow(u), SecondFactors: factors.Methods, RecoveryCodes: factors.RecoveryCodes}
	identities, err := work.Identities(ctx, refOf(u))
	if err != nil {
		return err
	}
	for _, i := range identities {
		out.Identities = append(out.Identities, identityRow{i.Provider, i.Email, i.CreatedAt.UTC()})
	}
	sessions, err := work.Sessions(ctx, refOf(u))
	if err != nil {
		return err
	}
	for _, x := range sessions {
		out.Sessions = append(out.Sessions, sessionRow{x.ID, x.CreatedAt.UTC(), x.LastUsedAt.UTC(), x.UserAgent, x.IP})
	}
	if s.JSON {
		return printJSON(os.Stdout, out)
	}
	return out.print(u)
}

// print writes a member a line, then the second factors, the identities and the sessions.
func (s shownUser) print(u authkit.User) error {
	rows, err := newList(false, "", "user_id", u.ID.String())
	if err != nil {
		return err
	}
	add := func(cells ...string) {
		if err == nil {
			err = rows.row(cells)
		}
	}
	add("email", u.EmailTyped)
	add("name", u.Name)
	add("state", state(u))
	if u.Disabled {
		add("disabled_reason", u.DisabledReason)
	}
	add("auth_method", u.AuthMethod)
	add("last_login", moment(u.LastLogin))
	add("created_at", moment(u.CreatedAt))
	add("external_id", u.ExternalID)
	add("roles", strings.Join(u.Roles, ", "))
	add("metadata", string(s.Metadata))
	add("private_metadata", string(s.Private))
	add("second_factors", strings.Join(s.SecondFactors, ", "))
	if len(s.SecondFactors) > 0 {
		add("recovery_codes_left", strconv.Itoa(s.RecoveryCodes))
	}
	for _, i := range s.Identities {
		add("identity", fmt.Sprintf("%s, %s, since %s", i.Provider, i.Email, moment(i.CreatedAt)))
	}
	for _, x := range s.Sessions {
		add("session", fmt.Sprintf("%s, since %s, used %s, from %s, %s", x.ID, moment(x.CreatedAt), moment(x.LastUsedAt), x.IP, x.UserAgent))
	}
	if err != nil {
		return err
	}
	return rows.end()
}
