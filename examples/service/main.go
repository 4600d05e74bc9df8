// Command service is a microservice that checks access tokens with package verify. It has
// neither authkit's database nor its secrets: it knows the issuer's URL, and fetches the public
// keys from it. Its environment:
//
//	ISSUER  the base URL of authkit, "/apps/" and the app's id:
//	        http://localhost:8080/id/apps/APP_ID beside examples/minimal, which prints the id
//	ADDR    where to listen; default localhost:8081
//
// To try it:
//
//	ISSUER=… go run ./examples/service
//	curl -s http://localhost:8081/orders -H "Authorization: Bearer TOKEN"
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/authkit-dev/authkit/verify"
)

func main() {
	handler, err := newHandler(verify.Config{Issuer: os.Getenv("ISSUER")})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr: cmp.Or(os.Getenv("ADDR"), "localhost:8081"), Handler: handler, ReadHeaderTimeout: 5 * time.Second,
	}
	log.Printf("listening on http://%s", server.Addr) //nolint:gosec // the operator names the address
	log.Fatal(server.ListenAndServe())
}

func newHandler(c verify.Config) (http.Handler, error) {
	now := c.Now
	if now == nil {
		now = time.Now
	}
	v, err := verify.New(c)
	if err != nil {
		return nil, fmt.Errorf("ISSUER: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("GET /orders", v.Require(http.HandlerFunc(orders)))
	mux.Handle("POST /refunds", v.Require(recent(now, refund)))
	return mux, nil
}

// orders is open to every user of the app.
func orders(w http.ResponseWriter, r *http.Request) {
	claims, _ := verify.From(r.Context()) // always there behind Require
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{"user": claims.Subject, "orders": []string{}}); err != nil {
		log.Printf("answer: %v", err)
	}
}

// recent lets users through who signed in within the last ten minutes. A token may be younger
// than its sign-in: a refresh makes a new one.
func recent(now func() time.Time, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := verify.From(r.Context())
		if now().Sub(claims.AuthTime) > 10*time.Minute {
			http.Error(w, "sign in again first", http.StatusForbidden)
			return
		}
		next(w, r)
	})
}

func refund(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }
