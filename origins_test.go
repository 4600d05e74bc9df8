package authkit_test

import (
	"testing"

	"github.com/authkit-dev/authkit"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	w := setup(t)
	friend := "https://friend.example"
	if _, err := w.engine.ChangeApp(t.Context(), w.devID, w.app.ID, authkit.AppPatch{Origins: &[]string{friend}}); err != nil {
		t.Fatal(err)
	}
	path := "/auth/credentials/" + w.app.ID.String()
	pre := w.send("OPTIONS", path, "", "Origin: "+friend, "Access-Control-Request-Method: POST")
	if pre.Code != 204 || pre.Header().Get("Access-Control-Allow-Origin") != friend || pre.Header().Get("Vary") != "Origin" {
		t.Errorf("preflight: got %d %v", pre.Code, pre.Header())
	}
	pre = w.send("OPTIONS", path, "", "Origin: https://evil.example", "Access-Control-Request-Method: POST")
	if pre.Code != 204 || pre.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("foreign preflight: got %d %v", pre.Code, pre.Header())
	}
	got := w.send("POST", path, `{"email":"ann@example.com","password":"`+password+`"}`, "Origin: "+friend, "Sec-Fetch-Site: cross-site")
	got.want(t, 201, "")
	if got.Header().Get("Access-Control-Allow-Origin") != friend {
		t.Errorf("Access-Control-Allow-Origin: got %q, want %q", got.Header().Get("Access-Control-Allow-Origin"), friend)
	}
	w.send("POST", "/apps", `{}`, "Origin: "+friend).want(t, 403, "forbidden")
}
