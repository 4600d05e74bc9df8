package password_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/password"
)

const staple = "correct horse battery staple"

// vectors are hashes that other programs made.
var vectors = []struct{ from, pw, text string }{
	{"htpasswd -B of Apache 2.4.65", staple, "$2y$04$NDpZL2KuyrXHkmIMfApWIukttyL6Zyq57YVxwMdgfAXPDNmEp0PTG"},
	{"htpasswd, 72 bytes", strings.Repeat("a", 72), "$2y$04$MB4EHxkb5htQF0rrXoZGG.mL5hhSv/U3xkFZFtVhXdh7eWmB.jWVe"},
	{"the test vectors of crypt_blowfish", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{"the same as 2b", "U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"},
	{"argon2, argon2i", "password", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8"},
	{"argon2, argon2i with two lanes", "password", "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E"},
	{"argon2, argon2id", "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
	{"argon2, argon2id with two lanes", "password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"},
	{"argon2-cffi 21.1", staple, "$argon2id$v=19$m=64,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$ZU7BdSwuAT2NJbDWfJmIGFAdzu32uX5r6jw2TuRMaj4"},
	{"RFC 7914, section 12", "pleaseletmein", "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw"},
	{"passlib 1.7.4, scrypt", staple, "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0Pz6RuN9WCY6OfE3FYH5Myx0JqvNjul84VbFyWLBf4g"},
	{"the sample of firebase/scrypt", "user1password", "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="},
	{"RFC 7914, section 11", "passwd", "$pbkdf2-sha256$i=1,l=64$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw"},
	{"passlib, with its dots as plus signs", staple, "$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI"},
	{"passlib, SHA-512", staple, "$pbkdf2-sha512$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$5bTW2oeyDJyGJPcmEr+mRDE11ghpozWrDGnSNhRXo2ZCu0KHRDiUMAVEGzLJC+oDhRoeIja9J1iLIv9ptDJMfQ"},
	{"Django 3.2", staple, "pbkdf2_sha256$1000$seasalt12345$lc9upgiPQ2muevvuisr7qA/SNSmKyk+QjwXhw/n1uhw="},
	{"Django 3.2, its own costs", staple, "pbkdf2_sha256$260000$seasalt12345$1RB8P/toEspCbSzUZjlPWJ74mYqr3imUGyjmlnNg/fI="},
	{"Django 3.2, beyond ASCII", "pässwörd", "pbkdf2_sha256$1000$seasaltABCDE$F/V6z8NmckvqnoZsZGS/S9oZZG1XX0nFUDlA3tIWabM="},
	{"Django 3.2, argon2", staple, "argon2$argon2id$v=19$m=64,t=2,p=2$c2Vhc2FsdDEyMzQ1$jR2njhK+H8OrsuVspjdXrg"},
}

func TestHashesOfOtherProgramsVerify(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		t.Run(v.from, func(t *testing.T) {
			t.Parallel()
			s, err := password.Import(v.text)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Replace(v.text, "argon2$", "$", 1); s.String() != want {
				t.Errorf("String: got %q, want %q", s, want)
			}
			for pw, want := range map[string]bool{v.pw: true, v.pw + " ": false, strings.ToUpper(v.pw) + "x": false, "": false} {
				if ok, err := password.Verify(pw, s.String()); ok != want || err != nil {
					t.Errorf("Verify(%q): got %v, %v, want %v", pw, ok, err, want)
				}
			}
		})
	}
}

// Of a longer password bcrypt reads the first 72 bytes, and a zero byte makes it begin anew.
func TestBcryptNeverMatchesByAPartOfThePassword(t *testing.T) {
	t.Parallel()
	const text = "$2y$04$MB4EHxkb5htQF0rrXoZGG.mL5hhSv/U3xkFZFtVhXdh7eWmB.jWVe"
	whole := strings.Repeat("a", 72)
	for pw, want := range map[string]bool{whole: true, whole + "a": false, whole + "\x00": false, whole + strings.Repeat("b", 4000): false, whole[:71]: false} {
		if ok, err := password.Verify(pw, text); ok != want || err != nil {
			t.Errorf("Verify of %d bytes: got %v, %v, want %v", len(pw), ok, err, want)
		}
	}
	const short = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	for _, pw := range []string{"U*U\x00", "U*U\x00U*U", "U*U\x00U*U\x00"} {
		if ok, err := password.Verify(pw, short); ok || err != nil {
			t.Errorf("Verify(%q): got %v, %v, want false", pw, ok, err)
		}
	}
}

func TestFormsThatAreNotTakenAreNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"$P$5xCKBYdxLN4p.4nKWPmYPH6ClN/9hX.":                "phpass is not taken",
		"$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0":                "phpass is not taken",
		"{SSHA}5F+DtmBKkdjal0kyt/FHa/RIkBtFCMF4":            "salted SHA of LDAP is not taken",
		"{SHA}q/eq1kOINtvlJqojGr3i0O73TUI=":                 "SHA of LDAP is not taken",
		"{CRYPT}x":                                          "an LDAP form is not taken",
		"$apr1$LdLtqAtP$ZNYPAOQwU1.nqK0AZenCW0":             "md5-crypt of Apache is not taken",
		"$6$0V/WmYnnlCh/BXai$Tqt7fkIoYfZJMcIAWjhvQDuKvkrij": "sha512-crypt is not taken",
		"$argon2d$v=19$m=64,t=2,p=2$MDEyMzQ1$l9FFa3ZSnVgM":  "argon2d is not taken",
		"$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQY": "faulty bcrypt is not taken",
		"$pbkdf2-sha1$i=1000$AAAAAAAA$AAAAAAAAAAAAAAAAAAAA": "PBKDF2 with this digest is not taken",
		"bcrypt_sha256$$2b$12$x":                            "Django's bcrypt_sha256 is not taken",
		"!Vr3nWq":                                           "cannot be used",
		"5f4dcc3b5aa765d61d8327deb882cf99":                  "unknown form",
		"":                                                  "unknown form",
	} {
		_, err := password.Import(text)
		if !errors.Is(err, password.ErrMalformed) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "argon2id") {
			t.Errorf("Import(%q): got %v, want %q and the forms that are taken", text, err, want)
		}
	}
}

func TestAHashThatOrdersTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	const salt, key = "MDEyMzQ1Njc4OWFiY2RlZg", "yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI"
	tail := "$" + salt + "$" + key
	bcryptTail := "$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	firebase := "$fbscrypt$v=1,n=14,r=8,p=1,ss=,sk=QUFBQUFBQUFBQUFBQUFBQQ==$AAAAAAAA$QUFBQUFBQUFBQUFBQUFBQQ=="
	if _, err := password.Import(firebase); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"memory of argon2i":             "$argon2i$v=19$m=262144,t=1,p=1" + tail,
		"memory of argon2id":            "$argon2id$v=19$m=262144,t=1,p=1" + tail,
		"passes of argon2id":            "$argon2id$v=19$m=8,t=4294967295,p=1" + tail,
		"one pass of argon2id too many": "$argon2id$v=19$m=131072,t=17,p=1" + tail,
		"threads of argon2id":           "$argon2id$v=19$m=65536,t=1,p=255" + tail,
		"threads beyond a byte":         "$argon2id$v=19$m=8,t=1,p=257" + tail,
		"an old version of argon2":      "$argon2id$v=16$m=8,t=1,p=1" + tail,
		"cost of bcrypt":                "$2b$16" + bcryptTail,
		"all cost of bcrypt":            "$2b$31" + bcryptTail,
		"too little cost of bcrypt":     "$2b$03" + bcryptTail,
		"memory of scrypt":              "$scrypt$ln=18,r=8,p=1" + tail,
		"blocks of scrypt":              "$scrypt$ln=1,r=4294967295,p=4294967295" + tail,
		"work of scrypt":                "$scrypt$ln=16,r=8,p=64" + tail,
		"N of scrypt":                   "$scrypt$ln=63,r=8,p=1" + tail,
		"no N of scrypt":                "$scrypt$ln=0,r=8,p=1" + tail,
		"memory of Firebase":            strings.Replace(firebase, "n=14", "n=20", 1),
		"signer key of another size":    strings.Replace(firebase, "sk=QUFB", "sk=QUFBQUFB", 1),
		"iterations of PBKDF2":          "$pbkdf2-sha256$i=20000000" + tail,
		"no iteration of PBKDF2":        "$pbkdf2-sha256$i=0" + tail,
		"iterations of Django":          "pbkdf2_sha256$4294967295$seasalt12345$lc9upgiPQ2muevvuisr7qA/SNSmKyk+QjwXhw/n1uhw=",
		"a long key":                    "$pbkdf2-sha256$i=1$" + salt + "$" + strings.Repeat("A", 88),
		"a short key":                   "$pbkdf2-sha256$i=1$" + salt + "$AAAA",
		"a short salt":                  "$pbkdf2-sha256$i=1$AAAA$" + key,
		"a length that is not the key":  "$pbkdf2-sha256$i=1,l=64" + tail,
		"a long text":                   "$pbkdf2-sha256$i=1$" + strings.Repeat("A", 1000) + "$" + key,
	} {
		if _, err := password.Import(text); !errors.Is(err, password.ErrMalformed) {
			t.Errorf("%s: got %v, want %v", name, err, password.ErrMalformed)
		}
	}
}

// The configuration of argon2id goes up to 1 GiB, and what was made so stays good.
func TestSignInTakesMoreArgon2idThanAnImport(t *testing.T) {
	t.Parallel()
	text := password.Dummy(password.Params{MemoryKiB: 1 << 20, Time: 1, Threads: 1})
	if _, err := password.Parse(text); err != nil {
		t.Errorf("Parse: got %v, want it taken", err)
	}
	if _, err := password.Import(text); !errors.Is(err, password.ErrMalformed) {
		t.Errorf("Import: got %v, want %v", err, password.ErrMalformed)
	}
}

func TestABlankTellsTheParametersAlone(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		s, err := password.Import(v.text)
		if err != nil {
			t.Fatal(err)
		}
		blank := s.Blank()
		again, err := password.Parse(blank.String())
		if err != nil || again.String() != blank.String() || blank.Blank().String() != blank.String() {
			t.Errorf("%s: got the blank %q, which is read as %v, %v", v.from, blank, again, err)
			continue
		}
		if again.Work() != s.Work() || again.MemoryKiB() != s.MemoryKiB() || again.Family() != s.Family() || len(blank.String()) != len(s.String()) {
			t.Errorf("%s: got the blank %q, want the costs and the length of %q", v.from, blank, s)
		}
		for _, secret := range []string{"c2FsdA", "seasalt", "jxspr8", "CCCCCCC", "NDpZL2"} {
			if strings.Contains(blank.String(), secret) {
				t.Errorf("%s: got the blank %q with %q", v.from, blank, secret)
			}
		}
	}
}

func TestWorkFollowsFromTheParameters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]time.Duration{
		password.Dummy(password.Default()):                                                          {15 * time.Millisecond, 40 * time.Millisecond},
		"$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW":                              {150 * time.Millisecond, 300 * time.Millisecond},
		"pbkdf2_sha256$1000000$seasalt12345$lc9upgiPQ2muevvuisr7qA/SNSmKyk+QjwXhw/n1uhw=":           {100 * time.Millisecond, 200 * time.Millisecond},
		"$scrypt$ln=14,r=16,p=1$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI": {40 * time.Millisecond, 80 * time.Millisecond},
	} {
		s, err := password.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Work(); got < want[0] || got > want[1] {
			t.Errorf("Work of %q: got %v, want %v to %v", text, got, want[0], want[1])
		}
	}
}
