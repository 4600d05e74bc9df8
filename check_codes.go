package authkit

import "maps"

// The codes of what [Engine.Check] finds.
const (
	FindingCheckIncomplete = "check_incomplete"

	FindingConfiguration       = "configuration" // an error of New
	FindingSecretWeak          = "secret_weak"
	FindingSecretRetired       = "secret_retired"
	FindingSecretsLeft         = "secrets_left"
	FindingLimitsOff           = "limits_off"
	FindingLimitMissing        = "limit_missing"
	FindingSignupUnlimited     = "signup_unlimited"
	FindingConsoleUnlimited    = "console_unlimited"
	FindingTrustedProxiesAll   = "trusted_proxies_all"
	FindingForwardingUntrusted = "forwarding_untrusted"
	FindingLoopbackProviders   = "loopback_providers"

	FindingBaseURLInsecure    = "base_url_insecure"
	FindingBaseURLUnreachable = "base_url_unreachable"
	FindingBaseURLRedirects   = "base_url_redirects"
	FindingBaseURLElsewhere   = "base_url_elsewhere"
	FindingBaseURLDiffers     = "base_url_differs"
	FindingBaseURLOtherStore  = "base_url_other_store"

	FindingStoreUnreachable = "store_unreachable"
	FindingStoreVolatile    = "store_volatile"
	FindingStoreNotDurable  = "store_not_durable"
	FindingClockSkewed      = "clock_skewed"
	FindingClockOff         = "clock_off"
	FindingSchemaPending    = "schema_pending"
	FindingSchemaNewer      = "schema_newer"
	FindingSchemaChanged    = "schema_changed"
	FindingWALGrows         = "wal_grows"

	FindingMailUndelivered = "mail_undelivered"
	FindingMailUnreachable = "mail_unreachable"

	FindingSealedUnreadable          = "sealed_unreadable"
	FindingSigningKeyDue             = "signing_key_due"
	FindingSigningKeyOld             = "signing_key_old"
	FindingProviderMisconfigured     = "provider_misconfigured"
	FindingProviderUnreachable       = "provider_unreachable"
	FindingProviderRedirectElsewhere = "provider_redirect_elsewhere"
)

// The codes of what only `authkit doctor` finds.
const (
	FindingStoreAbsent      = "store_absent"
	FindingStoreEmpty       = "store_empty"
	FindingStoreExposed     = "store_exposed"
	FindingSecretAbsent     = "secret_absent"
	FindingSecretUnreadable = "secret_unreadable"
	FindingSecretMismatch   = "secret_mismatch"
	FindingSecretExposed    = "secret_exposed"
)

// findingKind is what all findings of a code have in common.
type findingKind struct {
	severity Severity
	why, fix string
}

// findingKinds returns the kinds by code.
func findingKinds() map[string]findingKind {
	all := map[string]findingKind{}
	for _, part := range []map[string]findingKind{configKinds, addressKinds, storeKinds, appKinds, fileKinds} {
		maps.Copy(all, part)
	}
	return all
}

var configKinds = map[string]findingKind{
	FindingCheckIncomplete: {
		SeverityWarning, "What this check would have found is unknown.",
		"Mend what it names, give the check more time, and run it again.",
	},
	FindingConfiguration: {
		SeverityError, "authkit does not start with it.",
		"Change it as the text says.",
	},
	FindingSecretWeak: {
		SeverityError, "Signing keys, client secrets and mails are sealed under the secret. One that can be guessed opens a copy of the store.",
		"Make a random one with `authkit keygen`, and rotate to it: docs/secrets.md, \"Rotate the secret\".",
	},
	FindingSecretRetired: {
		SeverityError, "A reseal has retired the newest secret of this configuration, and every step that seals something for long is refused with 503.",
		"Put the secret that the reseal ran with first in Config.Secrets (`--secret-file`), and restart.",
	},
	FindingSecretsLeft: {
		SeverityNote, "The rotation has not ended. A process that lacks one of these secrets does not start.",
		"Run Engine.Reseal (`authkit secrets reseal`); again after 72 hours, if it says that a secret has to stay.",
	},
	FindingLimitsOff: {
		SeverityError, "Anyone may guess passwords and codes, and have mail sent, as often as they like.",
		"Remove Config.Limits.InsecureOff (`--rate-limits off`).",
	},
	FindingLimitMissing: {
		SeverityWarning, "A key that a limit leaves out is not counted at all.",
		"Add the key to the limit, or leave the field empty for its default.",
	},
	FindingSignupUnlimited: {
		SeverityError, "Anyone may create users without end, and have a mail sent for each.",
		"Remove Config.Limits.InsecureOff (`--rate-limits off`), or close the sign-up of these apps (`signup`: `closed`).",
	},
	FindingConsoleUnlimited: {
		SeverityError, "Anyone may become a developer, and a developer may then use this server without bound.",
		"Leave the field at its default, or set Config.ConsoleSignup (`--console-signup`) to false.",
	},
	FindingTrustedProxiesAll: {
		SeverityWarning, "Every client may then write its own address into X-Forwarded-For, so that limits by address hold back only those who do not.",
		"List in Config.TrustedProxies (`--trusted-proxies`) only the ranges of your own proxies.",
	},
	FindingForwardingUntrusted: {
		SeverityNote, "If the peer is your proxy, all its clients share one limit by address, and sessions show the address of the proxy.",
		"Add the peer to Config.TrustedProxies (`--trusted-proxies`), or set Config.TrustUnixSockets (`unix`). If it is no proxy of yours, there is nothing to do.",
	},
	FindingLoopbackProviders: {
		SeverityError, "Any developer can make this server call services on its own machine.",
		"Remove Config.InsecureAllowLoopbackProviders (`--allow-http-loopback-providers`); for issuers in your own network set Config.Outbound.Allow (`--outbound-allow`).",
	},
}

var addressKinds = map[string]findingKind{
	FindingBaseURLInsecure: {
		SeverityError, "Passwords, tokens and cookies cross the network in the clear, and browsers keep no session cookie without TLS.",
		"Let a proxy end TLS, write https in Config.BaseURL, and remove Config.InsecureAllowHTTP (`--insecure-http`).",
	},
	FindingBaseURLUnreachable: {
		SeverityWarning, "Links in mails, redirects of providers and the issuer of tokens lead there.",
		"Start the server; see that the name resolves, the port is open and the certificate is valid. If only this machine cannot reach its own outer address, there is nothing to do.",
	},
	FindingBaseURLRedirects: {
		SeverityError, "A redirect loses the body of a POST, is refused for a preflight, and sends cookies to another place.",
		"Set Config.BaseURL (`--base-url`) to the URL that answers by itself, or stop redirecting.",
	},
	FindingBaseURLElsewhere: {
		SeverityError, "Something other than this handler answers there, so that links in mails and redirects of providers lead to the wrong place.",
		"Mount the handler at the path of Config.BaseURL and strip that path before it (http.StripPrefix), let the proxy keep the path, or correct Config.BaseURL (`--base-url`).",
	},
	FindingBaseURLDiffers: {
		SeverityError, "Tokens, links and cookies of one process are refused by the other.",
		"Give every process the same Config.BaseURL (`--base-url`): the outer URL, mount point included.",
	},
	FindingBaseURLOtherStore: {
		SeverityError, "The server at the base URL keeps its data in another store, or was started with an older copy of this one.",
		"Give every process the same Config.Store (`--store`), and restart a server whose database was replaced while it ran.",
	},
	FindingMailUndelivered: {
		SeverityError, "No user gets a sign-in link, a code or a notice, and the log shows links that sign in.",
		"Set Config.Mailer to smtp.New(…) or a mailer of your own (`--mail smtps://user:pass@host:465`).",
	},
	FindingMailUnreachable: {
		SeverityError, "Mails wait, and links expire before they are sent.",
		"Correct the host, port, TLS mode, user or password of the mailer (`--mail`), or mend the mail server. Mail that waits is sent then.",
	},
}

var storeKinds = map[string]findingKind{
	FindingStoreUnreachable: {
		SeverityError, "Every request that needs the store is answered with 503.",
		"Start the database; see that the address and the role in Config.Store (`--store`) are right, that the role may write, and that the disk has room.",
	},
	FindingStoreVolatile: {
		SeverityError, "Every user, session and app is gone when the process ends, and other processes do not see them.",
		"Use store/postgres or store/sqlite (`--store postgres://…` or `sqlite:FILE`).",
	},
	FindingStoreNotDurable: {
		SeverityError, "A crash or a power cut may lose what was answered with success: a user may be gone, and a revoked session may be back.",
		"Set fsync, full_page_writes and synchronous_commit of the server to on (ALTER SYSTEM SET …, then SELECT pg_reload_conf()).",
	},
	FindingClockSkewed: {
		SeverityWarning, "Other services judge tokens by their own clocks. Beyond 30 seconds this process is not ready.",
		"Synchronise the clocks of both machines (NTP).",
	},
	FindingClockOff: {
		SeverityError, "This process is not ready (`/readyz` is 503): tokens seem to others to be expired, or not yet valid.",
		"Synchronise the clocks of both machines (NTP).",
	},
	FindingSchemaPending: {
		SeverityWarning, "The program expects other tables than those of the store.",
		"Run `authkit migrate`, or restart the server: opening the store migrates it. Stop older processes first where the changelog says so.",
	},
	FindingSchemaNewer: {
		SeverityError, "A newer version of authkit has changed the tables, which this one may read wrongly. It does not start again.",
		"Run the newer version in every process.",
	},
	FindingSchemaChanged: {
		SeverityError, "A migration was edited after it had been applied, so that the tables may differ from what the program expects.",
		"Run the original program. If the migration was edited on purpose, bring the tables to that state, and correct its checksum in authkit_migrations.",
	},
	FindingWALGrows: {
		SeverityWarning, "Commits stay in the -wal file: it grows, reads get slower, and a copy of the database file alone lacks them.",
		"End the connection that reads for so long (a shell, a backup, a second program), set wal_autocheckpoint above 0 on the handles that you give to sqlite.New, and let one process run Engine.Run.",
	},
	FindingStoreAbsent: {
		SeverityNote, "The first start creates it. The checks that need a store were made with an empty one.",
		"Nothing, if this is a new deployment. Otherwise correct `--store`.",
	},
	FindingStoreEmpty: {
		SeverityWarning, "If the store held data, this is another database, or the copy of an SQLite file without its -wal file.",
		"Nothing, if this is a new deployment. Otherwise correct `--store`, or restore a copy that VACUUM INTO or .backup wrote.",
	},
}

var appKinds = map[string]findingKind{
	FindingSealedUnreadable: {
		SeverityError, "Without its signing key no user can sign in to the app; without its client secret none can sign in at the provider.",
		"Add the secret that sealed it to Config.Secrets (`--secret-file`). If that is lost, make a new signing key (POST /apps/{app_id}/signing-keys/rotate), or set the client secret again.",
	},
	FindingSigningKeyDue: {
		SeverityNote, "Engine.Run makes the next key once the app issues a token. If the app is in use, no process runs it.",
		"Let one process run Engine.Run (`authkit serve` does), or make the key with POST /apps/{app_id}/signing-keys/rotate.",
	},
	FindingSigningKeyOld: {
		SeverityWarning, "Rotation is off, and the longer a key is used, the more copies of it there may be.",
		"Make the next key with POST /apps/{app_id}/signing-keys/rotate, or set Config.Tokens.KeyRotation.",
	},
	FindingProviderMisconfigured: {
		SeverityError, "Every sign-in at this provider fails.",
		"Correct the configuration (PATCH /apps/{app_id}/oauth-configs/{provider}) or the issuer's discovery document, as the text says.",
	},
	FindingProviderUnreachable: {
		SeverityWarning, "Sign-ins at this provider fail with 502 or 504 while it is out of reach.",
		"See that the issuer is up and that this machine may reach it: Config.Outbound (`--outbound-proxy`, `--outbound-allow`, `--outbound-ports`).",
	},
	FindingProviderRedirectElsewhere: {
		SeverityWarning, "The provider sends browsers to the callback of another base URL, where the sign-in cannot finish.",
		"Set redirect_uri to the callback below the base URL (PATCH /apps/{app_id}/oauth-configs/{provider}), and register it at the provider.",
	},
}

var fileKinds = map[string]findingKind{
	FindingStoreExposed: {
		SeverityWarning, "Other users of this machine can read addresses, password hashes and sessions.",
		"Run chmod 600 on the file and on those beside it (-wal, -shm).",
	},
	FindingSecretAbsent: {
		SeverityError, "What the store holds is sealed under a secret that is in no file of `--secret-file`.",
		"Give the file that the store was filled with.",
	},
	FindingSecretUnreadable: {
		SeverityError, "The server does not start without it.",
		"Give a file of 32 random bytes in base64, as `authkit keygen` writes it, that this user may read.",
	},
	FindingSecretMismatch: {
		SeverityError, "The store file and the secret file do not belong together, and the server does not start.",
		"Give the secret file that the store was filled with, or the store of this secret. To rotate, give both files, the new one first.",
	},
	FindingSecretExposed: {
		SeverityWarning, "Other users of this machine can read the secret, which opens signing keys and client secrets.",
		"Run chmod 600 on the file. If others may have read it, rotate the secret: docs/secrets.md, \"Rotate the secret\".",
	},
}
