package main

import (
	"net/smtp"
	"testing"
	"time"
)

func TestSink(t *testing.T) {
	t.Parallel()
	const head = "Subject: Sign in\r\n"
	for name, test := range map[string]struct{ mail, want string }{
		"a link in plain text":                        {head + "\r\nhttp://x/redeem?token=3Dabc7 now\r\n", "3Dabc7"},
		"a link in quoted-printable over two lines":   {head + "Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://x/redeem?token=3Dab=\r\nc7 now\r\n", "abc7"},
		"a mail without a link is counted, not kept":  {head + "\r\nhello\r\n", ""},
		"a line that begins with a dot ends no mail":  {head + "\r\n.\r\n/redeem?token=abc\r\n", "abc"},
		"a link whose & is written for HTML is plain": {head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n<a href=3D\"/redeem?token=3Dx1&amp;a=3Db\">\r\n", "x1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := newSink(t.Context(), `/redeem\?token=(\w+)`)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			if err := smtp.SendMail(s.addr(), nil, "a@example.com", []string{"b@example.com"}, []byte(test.mail)); err != nil {
				t.Fatal(err)
			}
			if left := s.settle(func() int { return 1 }); left != 0 || s.count() != 1 {
				t.Errorf("got %d mails and %d missing, want 1 and 0", s.count(), left)
			}
			got, ok := s.redeemable()
			if ok != (test.want != "") || got.secret != test.want || ok && got.email != "b@example.com" {
				t.Errorf("got %+v, want %q of b@example.com", got, test.want)
			}
			if _, again := s.redeemable(); again {
				t.Error("got the link twice")
			}
			if time.Since(s.lastAt()) > time.Minute {
				t.Errorf("got the last mail at %v, want now", s.lastAt())
			}
		})
	}
}
