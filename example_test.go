package authkit_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	me := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := authkit.IdentityFrom(r.Context())
		fmt.Fprintf(w, "user %s", id.User)
	})
	mux := http.NewServeMux()
	if err := addSignIn(ctx, mux, me); err != nil {
		panic(err)
	}
	for _, path := range []string{"/id/healthz", "/me"} {
		got := httptest.NewRecorder()
		mux.ServeHTTP(got, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		fmt.Println(path, got.Code)
	}
	// Output:
	// /id/healthz 200
	// /me 401
}

// addSignIn mounts authkit under /id, and protects /me.
func addSignIn(ctx context.Context, mux *http.ServeMux, me http.Handler) error {
	engine, err := authkit.New(authkit.Config{
		Store:   memory.New(),
		BaseURL: "http://localhost:8080/id",
		Mailer:  mail.Log(os.Stderr),
	})
	if err != nil {
		return err
	}
	app, err := engine.EnsureApp(ctx, "acme", "demo")
	if err != nil {
		return err
	}
	go engine.Run(ctx)
	mux.Handle("/id/", http.StripPrefix("/id", engine.Handler()))
	mux.Handle("/me", engine.Require(authkit.ForApp(app.ID))(me))
	return nil
}
