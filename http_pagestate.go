package authkit

import (
	"encoding/base64"
	"encoding/json"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// pageStates seals what the address of a page carries for the page, such as the step whose mail is on
// its way. It is sealed for one app and one browser, so that no link of a stranger has it.
type pageStates struct {
	ring    *seal.Ring
	app     string
	browser []byte // the binding secret; nil: the browser has none, and no state opens
}

// states seals for the app and the browser of the request.
func (c person) states() pageStates {
	return pageStates{c.h.http.ring, c.app.ID.String(), c.browser.secret()}
}

// maxStateText bounds the text of a state.
const maxStateText = 4096

// seal returns the text of a state. The kind keeps states of different pages apart.
func (s pageStates) seal(kind string, state any) string {
	return token.Encode(s.ring.Seal(plainJSON(state), s.aad(kind)))
}

// open opens what seal sealed, into state, and reports whether it was this browser's.
func (s pageStates) open(kind, text string, state any) bool {
	if text == "" || len(text) > maxStateText || s.browser == nil {
		return false
	}
	raw, ok := token.Decode(text, base64.RawURLEncoding.DecodedLen(len(text)))
	if !ok {
		return false
	}
	plain, err := s.ring.Open(raw, s.aad(kind))
	return err == nil && json.Unmarshal(plain, state) == nil
}

func (s pageStates) aad(kind string) []byte {
	return seal.AAD("page "+kind, s.app, token.Encode(token.Hash(s.browser)))
}

// step opens a step whose mail is on its way; nil: it is not this browser's, or there is none.
func (s pageStates) step(text string) *mailedStep {
	var step mailedStep
	if !s.open("step", text, &step) {
		return nil
	}
	return &step
}
