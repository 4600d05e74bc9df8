// Package e2e tests authkit with parts that others made: routers, an OpenID provider, a JOSE
// library, browsers, an SMTP server, an OTLP exporter and databases. It is a module of its own, so that hosts of
// authkit do not download them.
package e2e
