// Package e2e tests authkit against parts that others made: routers, an OpenID provider,
// a JOSE library, an SMTP server and databases. It is a module of its own, so that hosts
// of authkit download none of them.
package e2e
