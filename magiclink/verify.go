package magiclink

import (
	"encoding/base64"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// verify checks the signature before anything of the payload is read.
func verify(keys [][]byte, raw string) ([]byte, bool) {
	dot := strings.LastIndexByte(raw, '.')
	signed := raw[:dot]
	sig, err := base64.RawURLEncoding.DecodeString(raw[dot+1:])
	if err != nil {
		return nil, false
	}
	for _, k := range keys {
		if len(k) >= minKey && jwt.SigningMethodHS256.Verify(signed, sig, k) == nil {
			body, err := base64.RawURLEncoding.DecodeString(signed[strings.IndexByte(signed, '.')+1:])
			return body, err == nil
		}
	}
	return nil, false
}
