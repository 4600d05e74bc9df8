package token

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const (
	apiPrefix = "ak_"
	apiSecret = 32
	apiBody   = apiSecret + 16
	apiHint   = 11
)

// NewAPIKey makes a key for the app: "ak_" and the base64url of a 32-byte secret, the app id
// and a CRC-32 of all that precedes it.
func NewAPIKey(app uuid.UUID) string { return apiKeyOf([apiSecret]byte(Random(apiSecret)), app) }

// apiKeyOf returns the text of a key.
func apiKeyOf(secret [apiSecret]byte, app uuid.UUID) string {
	body := slices.Concat(secret[:], app[:])
	return apiPrefix + Encode(binary.BigEndian.AppendUint32(body, apiSum(body)))
}

// ParseAPIKey returns the app that a key claims to be for. It checks the form of the key only.
// Whether the key is valid is for the store to say.
func ParseAPIKey(key string) (app uuid.UUID, ok bool) {
	rest, found := strings.CutPrefix(key, apiPrefix)
	if !found {
		return uuid.Nil, false
	}
	b, ok := Decode(rest, apiBody+crc32.Size)
	if !ok || binary.BigEndian.Uint32(b[apiBody:]) != apiSum(b[:apiBody]) {
		return uuid.Nil, false
	}
	return uuid.UUID(b[apiSecret:apiBody]), true
}

// APIKeyHint returns the first 11 characters, by which people tell keys apart. They reveal 48
// of the 256 bits of the secret.
func APIKeyHint(key string) string { return key[:min(len(key), apiHint)] }

func apiSum(body []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(apiPrefix)), crc32.IEEETable, body)
}
