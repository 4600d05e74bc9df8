package authkit

import (
	"net/http"
	"reflect"

	"github.com/authkit-dev/authkit/internal/httpio"
)

//go:generate go test -count=1 -run ^TestTheTablesOfDocsAreCurrent$ . -args -write-tables

// route is one row of the route table. The mux, the access checks, the limits and the API document
// follow from it. The rows are data that the linker lays out: no function is called to make one.
type route struct {
	method, pattern string
	alias           string // a second spelling of the pattern; may be empty
	operation       string // its name in the API document: the method of [Engine] where the route has one
	summary         string // for the API document

	caller     *caller
	limit      limit       // by peer address; the zero limit charges nothing
	remembers  bool        // the request may begin with a remembered app (see guarded); it is answered after a call of the store
	deferLimit bool        // the flow charges the limit, together with that of an email address
	steps      []stepLimit // of a page whose form names a step: the limits of the steps, in place of limit
	form       bool        // takes a cross-origin form: a provider's answer
	page       bool        // answers with a page, and refuses with one unless JSON is asked for
	anyOrigin  bool        // a page of any origin may read the answer, which is public

	action action

	// What follows is read by the generator of the API document alone. The tests hold every
	// answer that they see against it.
	query   any      // a struct of the query parameters; nil: there are none
	headers any      // a struct of the request headers that this route alone reads; nil: there are none
	answers []result // those that are not refusals
	codes   []Code   // of refusals, beyond those that follow from the rest of the row
	example string   // a body, as JSON
}

// stepLimit is the limit of one step of a page: that of the route which does the same for programs.
type stepLimit struct {
	step       string // the value of the form's field "do"; empty: every other value
	limit      limit
	deferLimit bool
}

// result is one answer of a route.
type result struct {
	status int
	body   any // a value of the answer's type, or one of the markers below; nil: there is no body
}

// The answers that are not one JSON object.
type (
	// htmlPage is a page for people.
	htmlPage struct{}

	// elsewhere sends the browser to the address in the header Location.
	elsewhere struct{}

	// scriptText is a JavaScript module.
	scriptText struct{}

	// pngImage is a picture.
	pngImage struct{}

	// userLines are users, one JSON object a line (application/x-ndjson).
	userLines struct{}

	// importLines say what became of each line (application/x-ndjson).
	importLines struct{}

	// eventLines are events, one JSON object a line (application/x-ndjson).
	eventLines struct{}
)

const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete

// jsonResponse is an answer with its status.
type jsonResponse struct {
	status int
	body   any
}

// action is the function of a route, with what it takes.
type action interface {
	run(*call) error

	// takes returns the types of the JSON body, and of the form that it takes as well; nil: it
	// takes none.
	takes() (body, form reflect.Type)
}

// withBody is a flow that takes a JSON body.
type withBody[In any] struct {
	flow func(*call, In) (jsonResponse, error)
}

func (a withBody[In]) run(c *call) error {
	var in In
	if err := httpio.Decode(c.r, &in); err != nil {
		return wholeRefusal(err, in)
	}
	if err := c.checkSessionChoice(); err != nil {
		return err
	}
	out, err := a.flow(c, in)
	if err != nil {
		return err
	}
	return c.writeJSON(out.status, out.body)
}

func (withBody[In]) takes() (body, form reflect.Type) { return reflect.TypeFor[In](), nil }

// readsBody is a function that decodes its JSON body by itself.
type readsBody[In any] struct {
	serve func(*call) error
}

func (a readsBody[In]) run(c *call) error { return a.serve(c) }

func (readsBody[In]) takes() (body, form reflect.Type) { return reflect.TypeFor[In](), nil }

// orForm is an action that takes the form of a page, or of a provider, in place of JSON. The type
// parameter is a struct of the form's fields.
type orForm[Form any] struct {
	json action
	form func(person) error
}

func (a orForm[Form]) run(c *call) error {
	if isForm(c.r) {
		return a.form(person{c})
	}
	return a.json.run(c)
}

func (a orForm[Form]) takes() (body, form reflect.Type) {
	body, _ = a.json.takes()
	return body, reflect.TypeFor[Form]()
}

// formOnly is an action that takes the form of a page, and nothing else. The type parameter is a
// struct of the form's fields.
type formOnly[Form any] struct {
	serve func(person) error
}

func (a formOnly[Form]) run(c *call) error { return a.serve(person{c}) }

func (formOnly[Form]) takes() (body, form reflect.Type) { return nil, reflect.TypeFor[Form]() }

// showsPage is a function that takes no body and answers a person with a page.
type showsPage struct {
	serve func(person) error
}

func (a showsPage) run(c *call) error { return a.serve(person{c}) }

func (showsPage) takes() (body, form reflect.Type) { return nil, nil }

// isForm reports whether the body is a form of a page rather than JSON.
func isForm(r *http.Request) bool { return httpio.MediaType(r) == "application/x-www-form-urlencoded" }

// withoutBody is a flow that takes no body and answers 200.
type withoutBody struct {
	flow func(*call) (any, error)
}

func (a withoutBody) run(c *call) error {
	out, err := a.flow(c)
	if err != nil {
		return err
	}
	return c.writeJSON(http.StatusOK, out)
}

func (withoutBody) takes() (body, form reflect.Type) { return nil, nil }

// plain is a function that takes no body and writes the answer by itself.
type plain struct {
	serve func(*call) error
}

func (a plain) run(c *call) error { return a.serve(c) }

func (plain) takes() (body, form reflect.Type) { return nil, nil }
