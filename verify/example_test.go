package verify_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/verify"
)

// One service signs people in. Another service only checks their tokens.
func Example() {
	auth := http.NewServeMux()
	server := httptest.NewServer(auth)
	defer server.Close()
	engine, err := authkit.New(authkit.Config{Store: memory.New(), BaseURL: server.URL + "/auth", Mailer: mail.NewOutbox()})
	if err != nil {
		log.Fatal(err)
	}
	auth.Handle("/auth/", http.StripPrefix("/auth", engine.Handler()))
	app, err := engine.EnsureApp(context.Background(), "me", "demo")
	if err != nil {
		log.Fatal(err)
	}
	in, err := engine.SignInWithPassword(context.Background(), authkit.PasswordSignIn{
		App: app.ID, Email: "ann@example.com", Name: "Ann", Password: "a long enough passphrase",
	})
	if err != nil {
		log.Fatal(err)
	}

	v, err := verify.New(verify.Config{Issuer: server.URL + "/auth/apps/" + app.ID.String()})
	if err != nil {
		log.Fatal(err)
	}
	orders := v.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := verify.From(r.Context())
		fmt.Fprintf(w, "the orders of %s", claims.Name)
	}))
	for _, header := range []string{"Bearer " + in.Token, "Bearer nonsense"} {
		r := httptest.NewRequest(http.MethodGet, "/orders", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		orders.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
			continue
		}
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 the orders of Ann
	// 401 Bearer realm="authkit", error="invalid_token"
}
