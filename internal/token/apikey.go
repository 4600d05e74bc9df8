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

// NewAPIKey makes a key for the app: "ak_" and the base64url of a 32-byte
// secret, the app id and a CRC-32 of what stands before it.
func NewAPIKey(app uuid.UUID) string { return apiKeyOf([apiSecret]byte(Random(apiSecret)), app) }

// apiKeyOf is the text of a key.
func apiKeyOf(secret [apiSecret]byte, app uuid.UUID) string {
	body := slices.Concat(secret[:], app[:])
	return apiPrefix + Encode(binary.BigEndian.AppendUint32(body, apiSum(body)))
}

// ParseAPIKey returns the app that the key claims. It says only that the key is
// well formed; whether it is live is for the store.
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

// APIKeyHint returns the first 11 characters, by which people tell keys apart.
// It reveals 48 of the 256 bits of the secret.
func APIKeyHint(key string) string { return key[:min(len(key), apiHint)] }

func apiSum(body []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(apiPrefix)), crc32.IEEETable, body)
}
