// Package authkit gives an existing Go server multi-tenant authentication: one import,
// one [http.Handler], your own database.
//
// A developer owns apps. Every app is a tenant with its own users, API keys, OAuth
// providers and signing keys; what belongs to one app is unknown in any other. People
// sign in by email and password, by a link or code in a mail, or through a provider,
// and get a JWT that any JOSE library can verify from the issuer URL alone.
//
//	engine, err := authkit.New(authkit.Config{
//		Store:   memory.New(),
//		BaseURL: "http://localhost:8080/id",
//		Mailer:  mail.Log(os.Stderr),
//	})
//	app, err := engine.EnsureApp(ctx, "acme", "demo")
//	go engine.Run(ctx)
//	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
//	mux.Handle("/me", engine.Require(authkit.ForApp(app.ID))(me))
//
// where me reads [IdentityFrom] its request's context.
//
// # The pieces
//
// An [Engine] decides; a [Store] keeps the data. Stores are in store/memory, store/sqlite and
// store/postgres, and package storetest checks any other. A [mail.Mailer] sends mail;
// mail/smtp is one. The Engine has no hidden life: it starts no goroutine and reads no
// environment. Background work (mail, upkeep) is [Engine.Run], which the host starts.
//
// What an endpoint of the handler does is also a method of the Engine, with the same
// validation and the same errors. The handler alone checks who may call it, and the limits by
// peer address. Methods refuse with an [*Error], whose [Code] is stable: a method that takes
// an app may return [CodeAppNotFound], and any method [CodeUnavailable], after which the call
// can be tried again.
//
// # What it promises
//
// What may be used once is spent by one conditional write, so that of any number of
// concurrent callers one wins. Links have no effect when a browser or a mail scanner
// fetches them. An identity is never linked to an account by an address that was not
// verified. Secrets are stored hashed or sealed. In doubt, and if the store fails, a request
// is refused.
package authkit
