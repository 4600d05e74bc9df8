package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/client"
)

// exampleTB lets an example make what tests make. It panics where a test would fail.
type exampleTB struct {
	testing.TB

	ends []func()
}

func (*exampleTB) Helper()                   {}
func (*exampleTB) Context() context.Context  { return context.Background() }
func (*exampleTB) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (*exampleTB) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (*exampleTB) Output() io.Writer         { return io.Discard }
func (e *exampleTB) Cleanup(f func())        { e.ends = append(e.ends, f) }
func (e *exampleTB) end() {
	for _, f := range e.ends {
		f()
	}
}

// connect returns a client of a server with an app, for the examples. Real code calls
// client.New(baseURL, apiKey).
func connect() (*client.Client, func()) {
	tb := &exampleTB{}
	_, c := live(tb, http.DefaultTransport, authkit.ScopeUsersRead, authkit.ScopeUsersWrite, authkit.ScopeAuthForward)
	return c, tb.end
}

func Example() {
	c, end := connect()
	defer end()
	ctx := context.Background()

	for _, email := range []string{"ann@example.com", "bob@example.com"} {
		if _, err := c.CreateUser(ctx, client.NewUser{Email: email}); err != nil {
			panic(err)
		}
	}
	for u, err := range c.Users(ctx, client.Filter{}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(u.Email)
	}
	// Unordered output:
	// ann@example.com
	// bob@example.com
}

func ExampleClient_CreateUser() {
	c, end := connect()
	defer end()
	ctx := context.Background()

	u, err := c.CreateUser(ctx, client.NewUser{Email: "ann@example.com", Name: "Ann", EmailVerified: true})
	if err != nil {
		panic(err)
	}
	fmt.Println(u.Email, u.EmailVerified)

	_, err = c.CreateUser(ctx, client.NewUser{Email: "ann@example.com"})
	fmt.Println(errors.Is(err, client.CodeEmailTaken))
	// Output:
	// ann@example.com true
	// true
}

func ExampleClient_ChangeUser() {
	c, end := connect()
	defer end()
	ctx := context.Background()

	ann, err := c.CreateUser(ctx, client.NewUser{Email: "ann@example.com"})
	if err != nil {
		panic(err)
	}
	changed, err := c.ChangeUser(ctx, ann.ID, client.Change{Disabled: new(true), DisabledReason: new("asked to be")})
	if err != nil {
		panic(err)
	}
	fmt.Println(changed.Disabled, changed.DisabledReason)
	// Output: true asked to be
}

func ExampleClient_DeleteUser() {
	c, end := connect()
	defer end()
	ctx := context.Background()

	ann, err := c.CreateUser(ctx, client.NewUser{Email: "ann@example.com"})
	if err != nil {
		panic(err)
	}
	if err := c.DeleteUser(ctx, ann.ID); err != nil {
		panic(err)
	}
	_, err = c.User(ctx, ann.ID)
	fmt.Println(errors.Is(err, client.CodeUserNotFound))
	// Output: true
}

func ExampleError() {
	c, end := connect()
	defer end()

	_, err := c.CreateUser(context.Background(), client.NewUser{Email: "no address"})
	if refused, ok := errors.AsType[*client.Error](err); ok {
		fmt.Println(refused.Status, refused.Code, refused.Fields[0].Field, refused.Fields[0].Code)
	}
	// Output: 400 invalid_request email invalid_email
}

func ExampleClient_Forward() {
	c, end := connect()
	defer end()

	// The app's own server signs a person in, and names the person's address.
	body := strings.NewReader(`{"email":"ann@example.com","password":"wrong battery staple","intent":"sign_in"}`)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.URL("/auth/credentials/"+c.App()), body)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := c.Forward(r, netip.MustParseAddr("198.51.100.7"), "Phone/1")
	if err != nil {
		panic(err)
	}
	fmt.Println(res.Status, res.Body.Close())
	// Output: 401 Unauthorized <nil>
}
