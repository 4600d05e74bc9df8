package e2e_test

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v5"
)

// mount is a way in which a host serves authkit.
type mount struct {
	path string // "" is the root
	in   func(authkit http.Handler) http.Handler

	// cleans reports whether the host's router redirects unclean paths, so that they never reach
	// authkit.
	cleans bool

	// front starts a proxy in front of the host, and returns where it listens; nil: no proxy.
	front func(upstream string) (address string)
}

// subpath is the mount for tests of other things.
var subpath = mount{path: "/id", in: func(h http.Handler) http.Handler { return http.StripPrefix("/id", h) }}

// mounts lists every mount by name.
func mounts() map[string]mount {
	return map[string]mount{
		"at the root":      {path: "", in: func(h http.Handler) http.Handler { return h }},
		"http.StripPrefix": subpath,
		"http.ServeMux":    {path: "/sign/in", in: inServeMux, cleans: true},
		"chi":              {path: "/api/auth", in: inChi},
		"gin":              {path: "/auth", in: inGin},
		"echo":             {path: "/v1/id", in: inEcho},
	}
}

func inServeMux(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/sign/in/", http.StripPrefix("/sign/in", h))
	return mux
}

func inChi(h http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Route("/api", func(r chi.Router) { r.Mount("/auth", http.StripPrefix("/api/auth", h)) })
	return r
}

func inGin(h http.Handler) http.Handler {
	r := gin.New()
	r.Any("/auth/*path", gin.WrapH(http.StripPrefix("/auth", h)))
	return r
}

func inEcho(h http.Handler) http.Handler {
	e := echo.New()
	e.Group("/v1").Any("/id/*", echo.WrapHandler(http.StripPrefix("/v1/id", h)))
	return e
}
