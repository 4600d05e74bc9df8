package authkit

import (
	"time"

	"github.com/google/uuid"
)

// The parameters of the routes. The API document reads them; so does a test, which looks for every
// parameter and header that the handler reads.

// pathParameters are the parts of a path that vary.
type pathParameters struct {
	AppID     uuid.UUID `json:"app_id" api:"required"`      // the app's id; on /auth also "console", for the app of the developers
	Provider  string    `json:"provider" api:"required"`    // the provider's name, such as github, google, or one of the app's own
	UserID    uuid.UUID `json:"user_id" api:"required"`     // the user's id
	RequestID uuid.UUID `json:"request_id" api:"required"`  // the id of the refused request, as X-Request-Id has it
	SessionID uuid.UUID `json:"session_id" api:"required"`  // the session's id
	ID        uuid.UUID `json:"id" api:"required"`          // the id of the API key or the webhook
	Delivery  uuid.UUID `json:"delivery_id" api:"required"` // the delivery's id, as in its header webhook-id
	Code      string    `json:"code" api:"required"`        // the error code
	Hash      string    `json:"hash" api:"required"`        // the hash of the logo, as in logo_url
}

// sessionQuery chooses where the tokens of a sign-in go.
type sessionQuery struct {
	// Session is where the tokens go: cookie has a cookie hold the session. It counts where the
	// app's session_mode is either.
	Session string `json:"session" api:"enum=cookie|bearer"`
}

// linkQuery is what a mailed link brings.
type linkQuery struct {
	Token string `json:"token"` // the token of the link
}

// startQuery says where a flow through a provider goes on.
type startQuery struct {
	sessionQuery

	RedirectTo string `json:"redirect_to"` // where the browser goes after the sign-in: one of the app's redirect_urls
	Challenge  string `json:"code_challenge"`
	Offer      string `json:"offer"` // 1: the browser can make a passkey, and has noted no offer of this app
}

// returnQuery is what a provider's answer brings.
type returnQuery struct {
	returnForm

	Resume string `json:"resume"` // stands for an answer that the provider posted as a form
}

// returnForm is a provider's answer. Its other parameters are ignored.
type returnForm struct {
	Code  string `json:"code"`  // the provider's authorization code
	State string `json:"state"` // the state of the flow
	Iss   string `json:"iss"`
	Error string `json:"error"` // why the provider refused
}

// linkForm is the form of a page that a link has opened.
type linkForm struct {
	Token     string `json:"token" api:"required"`      // the token of the link
	FormToken string `json:"form_token" api:"required"` // ties the form to the browser that was shown it
}

// signInForm is the form of the page of a magic link.
type signInForm struct {
	linkForm

	// KeepPassword, if it is there, keeps the password and the name of the sign-up, as keep_password
	// of the JSON body does.
	KeepPassword string `json:"keep_password"`

	Offer string `json:"offer"` // 1: the browser can make a passkey, and has noted no offer of this app
}

// passwordForm is the form of the page for a new password.
type passwordForm struct {
	linkForm

	Password string `json:"password" api:"required"` // the new password
}

// pageQuery asks for a page of a list.
type pageQuery struct {
	Limit  int    `json:"limit" api:"min=1,max=500,default=50"` // how many rows the page has at most
	Cursor string `json:"cursor"`                               // the next_cursor of the page before, of the same list and filters
}

// usersQuery asks for a page of users.
type usersQuery struct {
	pageQuery

	Email      string `json:"email"`       // only the user of this address
	Prefix     string `json:"q"`           // only users whose address or name begins with it
	AuthMethod string `json:"auth_method"` // only users whose latest sign-in was by this method
	ExternalID string `json:"external_id"` // only the user of this id
	Role       string `json:"role"`        // only users who have this role
}

// auditQuery asks for a page of the audit log.
type auditQuery struct {
	pageQuery

	Type   string    `json:"type"`    // only events of this type
	UserID uuid.UUID `json:"user_id"` // only events about this user
	Since  time.Time `json:"since"`   // only events at this time or later
	Until  time.Time `json:"until"`   // only events before this time
}

// forwardHeaders are of the server of an app, which sends them for its client.
type forwardHeaders struct {
	Key   string `json:"X-Authkit-Key"`        // an API key of the app with the scope auth:forward; the other two count only beside it
	IP    string `json:"X-Authkit-Client-IP"`  // the client's address
	Agent string `json:"X-Authkit-User-Agent"` // the client's User-Agent
}

// refreshHeaders are of a refresh.
type refreshHeaders struct {
	// IdempotencyKey is random, and made for this one rotation. With it, a rotation whose answer
	// was lost can be sent again for a day, while its successor is unused.
	IdempotencyKey string `json:"Idempotency-Key" api:"minLength=16,maxLength=64"`
}

// creationHeaders are of a request that creates something.
type creationHeaders struct {
	// IdempotencyKey is random, and made for this one creation. For a day, the same request with it
	// creates nothing and has the same answer.
	IdempotencyKey string `json:"Idempotency-Key" api:"minLength=16,maxLength=64"`
}

// documentHeaders are of a request for a document.
type documentHeaders struct {
	IfNoneMatch string `json:"If-None-Match"` // the ETag of the document that the client has
}

// logoHeaders are of a request for a logo.
type logoHeaders struct {
	IfNoneMatch string `json:"If-None-Match"` // the ETag of the logo that the client has
}

// cookieParameters are the cookies of authkit. On http they go by these names without __Host-.
type cookieParameters struct {
	Binding string `json:"__Host-authkit-b"` // ties a flow to the browser that began it
	Device  string `json:"__Host-authkit-d"` // names the browser's latest accounts, for limits of their own
}

// resultHeaders are the headers of answers.
type resultHeaders struct {
	RequestID     string `json:"X-Request-Id"`                     // the request's id, as in the log
	ContentSniff  string `json:"X-Content-Type-Options"`           // always nosniff
	Referrer      string `json:"Referrer-Policy"`                  // no-referrer; same-origin on a page with a form
	Policy        string `json:"Content-Security-Policy"`          // what the answer may load: nothing, unless it is a page
	Vary          string `json:"Vary"`                             // the request headers by which the answer differs
	CacheControl  string `json:"Cache-Control"`                    // no-store, but on what is public
	AllowOrigin   string `json:"Access-Control-Allow-Origin"`      // the allowed origin of a cross-origin request
	AllowCookies  string `json:"Access-Control-Allow-Credentials"` // true where the app takes cookies
	Expose        string `json:"Access-Control-Expose-Headers"`    // the headers that a page of an allowed origin may read
	OpenerPolicy  string `json:"Cross-Origin-Opener-Policy"`       // same-origin, on a page
	LimitPolicy   string `json:"RateLimit-Policy"`                 // the limit of this route by the peer's address
	Limit         string `json:"RateLimit"`                        // the limit that is exhausted, and when it is not any more
	RetryAfter    int    `json:"Retry-After"`                      // after how many seconds to try again
	Challenge     string `json:"WWW-Authenticate"`                 // the scheme of the credential that is missing or not valid
	Location      string `json:"Location"`                         // where the browser goes
	Link          string `json:"Link"`                             // the next page, as rel="next"
	SetCookie     string `json:"Set-Cookie"`                       // the session, the device token or the binding
	ETag          string `json:"ETag"`                             // the version of the document or logo
	ContentCoding string `json:"Content-Encoding"`                 // gzip where the client accepts it
}

// signOutQuery has the parameters of the page that asks before signing out.
type signOutQuery struct {
	Left string `json:"left"` // the account was deleted; the account page makes it
}

// signOutForm is the form of the page that asks before signing out.
type signOutForm struct {
	FormToken string `json:"form_token" api:"required"` // as the page has it
}
