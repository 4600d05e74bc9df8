package passkey

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Labels of a COSE key (RFC 9053, section 7, and RFC 8230, section 4).
const (
	labelType, labelAlgorithm          = 1, 3
	labelCurve, labelX, labelY         = -1, -2, -3 // of types EC2 and OKP
	labelModulus, labelExponent        = -1, -2     // of type RSA
	minModulus, maxModulus             = 2048, 4096 // bits
	minExponent, maxExponent           = 1<<16 + 1, 1<<31 - 1
	coordinate                         = 32 // bytes, on P-256 and Ed25519
	maxKey                             = 2 * maxModulus / 8
	typeOKP, typeEC2, typeRSA   uint64 = 1, 2, 3
	curveP256, curveEd25519     uint64 = 1, 6
)

// checkKey refuses a COSE key that is not exactly one of those asked for. The library verifies signatures
// with keys that it should not: of small order, short, or whose algorithm is of another type.
func checkKey(raw []byte) error {
	if len(raw) > maxKey {
		return fmt.Errorf("public key: %d bytes, more than %d", len(raw), maxKey)
	}
	var key map[int64]any
	if err := webauthncbor.Unmarshal(raw, &key); err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	var err error
	kind, _ := key[labelType].(uint64)
	algorithm, _ := key[labelAlgorithm].(int64)
	switch {
	case webauthncose.COSEAlgorithmIdentifier(algorithm) == webauthncose.AlgES256 && kind == typeEC2:
		err = checkEC2(key)
	case webauthncose.COSEAlgorithmIdentifier(algorithm) == webauthncose.AlgEdDSA && kind == typeOKP:
		err = checkOKP(key)
	case webauthncose.COSEAlgorithmIdentifier(algorithm) == webauthncose.AlgRS256 && kind == typeRSA:
		err = checkRSA(key)
	default:
		err = fmt.Errorf("key type %v with algorithm %v, want ES256, EdDSA or RS256 with its own", key[labelType], key[labelAlgorithm])
	}
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	return nil
}

// octets returns the byte strings of a key that has two members beside them and these. A key has no
// optional members (WebAuthn Level 3, section 6.5.2).
func octets(key map[int64]any, others int, labels ...int64) ([][]byte, error) {
	if len(key) != others+len(labels) {
		return nil, fmt.Errorf("%d members, want %d", len(key), others+len(labels))
	}
	var out [][]byte
	for _, label := range labels {
		b, ok := key[label].([]byte)
		if !ok {
			return nil, fmt.Errorf("member %d is no byte string", label)
		}
		out = append(out, b)
	}
	return out, nil
}

func checkEC2(key map[int64]any) error {
	xy, err := octets(key, 3, labelX, labelY)
	switch {
	case err != nil:
		return err
	case key[labelCurve] != curveP256:
		return fmt.Errorf("curve %v, want P-256", key[labelCurve])
	case len(xy[0]) != coordinate || len(xy[1]) != coordinate:
		return fmt.Errorf("coordinates of %d and %d bytes, want %d", len(xy[0]), len(xy[1]), coordinate)
	}
	_, err = ecdh.P256().NewPublicKey(slices.Concat([]byte{4}, xy[0], xy[1])) // refuses a point off the curve and the one at infinity
	return err
}

func checkOKP(key map[int64]any) error {
	x, err := octets(key, 3, labelX)
	switch {
	case err != nil:
		return err
	case key[labelCurve] != curveEd25519:
		return fmt.Errorf("curve %v, want Ed25519", key[labelCurve])
	case len(x[0]) != coordinate:
		return fmt.Errorf("a point of %d bytes, want %d", len(x[0]), coordinate)
	}
	return checkEd25519(x[0])
}

// checkEd25519 refuses an encoded point that is off its curve, not canonical (RFC 8032, section 5.1.3), or of
// small order: with such a key one signature is valid for many messages.
func checkEd25519(point []byte) error {
	one := big.NewInt(1)
	p := new(big.Int).Lsh(one, 255)
	p.Sub(p, big.NewInt(19))
	d := new(big.Int).ModInverse(big.NewInt(121666), p) // d = -121665/121666
	d.Mul(d, big.NewInt(-121665)).Mod(d, p)

	reversed := slices.Clone(point)
	slices.Reverse(reversed)
	reversed[0] &= 0x7f // the sign of x
	y := new(big.Int).SetBytes(reversed)
	if y.Cmp(p) >= 0 {
		return errors.New("a point that is not in its canonical encoding")
	}
	y2 := new(big.Int).Mul(y, y)
	y2.Mod(y2, p)
	x2 := new(big.Int).Mul(d, y2) // x² = (y² - 1)/(d·y² + 1), from the equation of the curve
	x2.Add(x2, one).ModInverse(x2.Mod(x2, p), p)
	x2.Mul(x2, new(big.Int).Sub(y2, one)).Mod(x2, p)
	if big.Jacobi(x2, p) < 0 {
		return errors.New("a point off its curve")
	}
	// Twice a point has y = (x² + y²)/(2 - y² + x²). A point of order 1 or 2 has x = 0, one of order 4 has
	// y = 0, and twice one of order 8 is of order 4.
	sum := new(big.Int).Add(x2, y2)
	if x2.Sign() == 0 || y2.Sign() == 0 || sum.Mod(sum, p).Sign() == 0 {
		return errors.New("a point of small order")
	}
	return nil
}

func checkRSA(key map[int64]any) error {
	ne, err := octets(key, 2, labelModulus, labelExponent)
	if err != nil {
		return err
	}
	if n, e := ne[0], ne[1]; len(n) == 0 || n[0] == 0 || len(e) == 0 || e[0] == 0 {
		return errors.New("a number that is empty or begins with a zero")
	}
	n, e := new(big.Int).SetBytes(ne[0]), new(big.Int).SetBytes(ne[1])
	switch {
	case n.BitLen() < minModulus || n.BitLen() > maxModulus || n.Bit(0) == 0:
		return fmt.Errorf("a modulus of %d bits, want an odd one of %d to %d", n.BitLen(), minModulus, maxModulus)
	case e.Cmp(big.NewInt(minExponent)) < 0 || e.Cmp(big.NewInt(maxExponent)) > 0 || e.Bit(0) == 0: // FIPS 186-5, appendix A.1.1
		return fmt.Errorf("exponent %.20s, want an odd one of %d to %d", e.String(), minExponent, maxExponent)
	}
	return nil
}
