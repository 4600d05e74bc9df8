package plantest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Rows is how many rows [Fill] puts into each table that grows with its users.
const Rows = 10_000

var (
	app   = row(0) // holds every user, session, token and credential
	today = now.Unix() / 86400
	now   = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
)

// row is the id of the nth row, as the statements of [Fill] make it.
func row(n int) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("00000000-0000-4000-8000-%012d", 100_000_000_000+n))
}

// hash is the hash of the nth row, as the statements of [Fill] make it.
func hash(n int) []byte { return fmt.Appendf(nil, "%d", n) }

// Fill returns the statements that fill fresh tables: [Rows] apps of one developer, and in
// the first of them as many users, each with four credentials, a session, a token, a
// limit, a mail, an event that is unchained and a count. Each app has an explanation and a webhook, and that
// of the first one as many deliveries, of which twenty wait. The arguments are the names of the column types.
func Fill(uuidType, blobType string) []string {
	past, future := now.Add(-time.Hour).UnixMicro(), now.Add(time.Hour).UnixMicro()
	words := strings.NewReplacer(
		"APP", fmt.Sprintf("cast('%s' as %s)", app, uuidType),
		"NIL", fmt.Sprintf("cast('%s' as %s)", uuid.Nil, uuidType),
		"ID", fmt.Sprintf("cast('00000000-0000-4000-8000-' || cast(100000000000 + n as text) as %s)", uuidType),
		"HASH", fmt.Sprintf("cast(cast(n as text) as %s)", blobType),
		"TEXT", "cast(n as text)",
		"DAY", strconv.FormatInt(today, 10),
		"PAST", strconv.FormatInt(past, 10), "FUTURE", strconv.FormatInt(future, 10),
	)
	var out []string
	for _, insert := range []string{
		`authkit_apps (app_id, developer, name, name_key, version, settings, created_at) select ID, 'host:me', TEXT, TEXT, 1, '{}', PAST + n from c`,
		`authkit_apps (app_id, developer, name, name_key, version, settings, created_at) select APP, 'host:me', 'first', 'first', 1, '{}', PAST from c where n = 1`,
		`authkit_app_names select developer, name_key, app_id, created_at from authkit_apps, c where n = 1`,
		`authkit_signing_keys select app_id, 1, 'k', 'EdDSA', HASH, HASH, 0, 0 from authkit_apps, c where n = 1`,
		`authkit_api_keys select APP, ID, 'k', 'ak_', HASH, '[]', 1, PAST + n, 0, 0 from c where n <= 50`,
		`authkit_oauth select APP, TEXT, 'c', null, '', '[]', '', 0, 1, 1, PAST from c where n <= 50`,
		`authkit_users (app_id, user_id, email, email_typed, name, name_key, auth_method, verified, disabled, disabled_reason, version, epoch, last_login, created_at, external_id, roles) select APP, ID, TEXT || '@example.com', TEXT, TEXT, TEXT, 'credentials', 1, 0, '', 1, 1, 0, PAST + n, TEXT, '["member"]' from c`,
		`authkit_user_roles select APP, ID, 'member', PAST + n from c`,
		`authkit_credentials select APP, 'password', cast(ID as text), ID, HASH, PAST from c`,
		`authkit_credentials select APP, 'oauth', 'github|' || TEXT, ID, HASH, PAST from c`,
		`authkit_credentials select APP, 'totp', cast(ID as text), ID, HASH, PAST from c`,
		`authkit_credentials select APP, 'passkey', 'first.example ' || TEXT, ID, HASH, PAST from c`,
		`authkit_tokens select APP, 'link', TEXT, 0, HASH, null, null, ID, 1, null, FUTURE + n, 0, 0 from c`,
		`authkit_sessions (app_id, session_id, user_id, epoch, family, cur, cookie, auth_time, created_at, last_used_at, idle_until, until_at, amr, user_agent, ip) select APP, ID, ID, 1, HASH, HASH, HASH, PAST, PAST, PAST, FUTURE + n, FUTURE + n, '[]', '', '' from c`,
		`authkit_limits select APP, TEXT, FUTURE + n from c`,
		`authkit_outbox select APP, ID, HASH, FUTURE, FUTURE + n, 0 from c`,
		`authkit_events select APP, ID, ID, PAST + n, 'user.create', '', '', 'ok', '', '', null from c`,
		`authkit_audit_pending select APP, ID from c`,
		`authkit_audit_links select APP, n, HASH, PAST + n, HASH from c`,
		`authkit_audit_chains select app_id, 0, HASH, 0, HASH, 0, PAST, HASH from authkit_apps, c where n = 1`,
		`authkit_refusals select app_id, app_id, 'rule', '', '', '', '', FUTURE + (created_at - PAST) from authkit_apps, c where n = 1`,
		`authkit_refusals select APP, ID, 'rule', '', '', '', '', FUTURE + n from c where n <= 50`,
		`authkit_stats select APP, DAY - n % 100, 'sign-in', TEXT, 1 from c`,
		`authkit_active select APP, DAY, ID from c`,
		`authkit_webhooks select app_id, app_id, 'https://x.example', '[]', 1, 1, null, 1, PAST from authkit_apps, c where n = 1`,
		`authkit_deliveries select APP, APP, ID, ID, n, 'user.create', null, PAST + n, PAST + n, 0, case when n <= 20 then 0 else 1 end, FUTURE + n, 0, 0, 0 from c`,
	} {
		head, sel, _ := strings.Cut(insert, " select ")
		out = append(out, fmt.Sprintf("insert into %s with recursive c(n) as (select 1 union all select n + 1 from c where n < %d) select %s",
			head, Rows, words.Replace(sel)))
	}
	return out
}
