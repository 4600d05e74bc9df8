package main

import (
	"context"
	"fmt"
	"net/smtp"
	"os"
	"time"
)

// deliver sends what waits in the outbox over one connection that is kept, and removes it once the
// server has taken it: a mail may come twice, and is never lost.
func (s *server) deliver(ctx context.Context) {
	var conn *smtp.Client
	for ctx.Err() == nil {
		sent, err := s.batch(ctx, &conn)
		if err != nil {
			fmt.Fprintln(os.Stderr, "deliver:", err)
			conn = nil
		}
		if sent == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// batch sends up to 200 mails and returns how many it sent.
func (s *server) batch(ctx context.Context, conn **smtp.Client) (int, error) {
	rows, err := s.db.Query(ctx, `select mail_id, email, secret from outbox order by mail_id limit 200`)
	if err != nil {
		return 0, err
	}
	var ids []int64
	var mails [][2]string
	for rows.Next() {
		var id int64
		var email, secret string
		if err := rows.Scan(&id, &email, &secret); err != nil {
			rows.Close()
			return 0, err
		}
		ids, mails = append(ids, id), append(mails, [2]string{email, secret})
	}
	rows.Close()
	if len(ids) == 0 || rows.Err() != nil {
		return 0, rows.Err()
	}
	if *conn == nil {
		if *conn, err = smtp.Dial(s.smtp); err != nil {
			return 0, err
		}
	}
	for _, m := range mails {
		if err := send(*conn, m[0], s.base+"/redeem?token="+m[1]); err != nil {
			return 0, err
		}
	}
	_, err = s.db.Exec(ctx, `delete from outbox where mail_id = any($1)`, ids)
	return len(ids), err
}

// send writes one mail of authkit's kind: a link and the words around it.
func send(c *smtp.Client, to, link string) error {
	if err := c.Mail("bench@example.com"); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "From: bench@example.com\r\nTo: %s\r\nSubject: Sign in\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSign in by following this link:\r\n\r\n%s\r\n\r\nIt works once and expires in 15 minutes.\r\n",
		to, time.Now().Format(time.RFC1123Z), link)
	if err != nil {
		return err
	}
	return w.Close()
}
