package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"time"

	"github.com/google/uuid"
)

// claims are those of an access token.
type claims struct {
	Issuer   string    `json:"iss"`
	Subject  uuid.UUID `json:"sub"`
	Session  uuid.UUID `json:"sid"`
	IssuedAt int64     `json:"iat"`
	Expires  int64     `json:"exp"`
}

var header = b64.EncodeToString([]byte(`{"alg":"ES256","typ":"at+jwt"}`))

// sign makes an access token of 15 minutes: ES256 of RFC 7518.
func (s *server) sign(id, session uuid.UUID) (string, error) {
	now := time.Now()
	b, err := json.Marshal(claims{s.base, id, session, now.Unix(), now.Add(15 * time.Minute).Unix()})
	if err != nil {
		return "", err
	}
	text := header + "." + b64.EncodeToString(b)
	sum := sha256.Sum256([]byte(text))
	x, y, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	x.FillBytes(signature[:32])
	y.FillBytes(signature[32:])
	return text + "." + b64.EncodeToString(signature), nil
}

// verify checks signature and time, and returns the session.
func (s *server) verify(token string) (uuid.UUID, bool) {
	session, err := s.session(token)
	return session, err == nil
}

func (s *server) session(token string) (uuid.UUID, error) {
	dot := max(strings.LastIndexByte(token, '.'), 0)
	text := token[:dot]
	body, ours := strings.CutPrefix(text, header+".")
	if !ours {
		return uuid.Nil, errors.New("header is not ours")
	}
	signature, err := b64.DecodeString(token[dot+1:])
	if err != nil || len(signature) != 64 {
		return uuid.Nil, errors.New("signature is malformed")
	}
	sum := sha256.Sum256([]byte(text))
	if !ecdsa.Verify(&s.key.PublicKey, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return uuid.Nil, errors.New("signature is wrong")
	}
	b, err := b64.DecodeString(body)
	if err != nil {
		return uuid.Nil, err
	}
	var c claims
	if err := json.Unmarshal(b, &c); err != nil {
		return uuid.Nil, err
	}
	if time.Now().Unix() >= c.Expires {
		return uuid.Nil, errors.New("token has expired")
	}
	return c.Session, nil
}
