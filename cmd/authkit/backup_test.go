package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// TestABackupOfARunningServerIsWhole copies the store while users sign up, and serves the copy. It
// holds every user whose sign-up was answered before the backup began.
func TestABackupOfARunningServerIsWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, secret, to := filepath.Join(dir, "auth.db"), filepath.Join(dir, "secret"), filepath.Join(dir, "copy.db")
	p := start(t, newLines(), "--store", "sqlite:"+file, "--secret-file", secret, "--rate-limits=off", "--developer", "@"+write(t, developerEmail+":"+password))
	app, key := p.createApp(p.developer())
	const before = 5
	for i := range before {
		p.credentials(app, fmt.Sprintf("user%d@example.com", i), "sign_up").want(t, 201, "")
	}
	var writing sync.WaitGroup
	stop, begun := make(chan struct{}), make(chan struct{})
	writing.Go(func() {
		for i := before; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			p.credentials(app, fmt.Sprintf("user%d@example.com", i), "sign_up")
			if i == before {
				close(begun)
			}
		}
	})
	<-begun
	command(t, "backup", "--store", "sqlite:"+file, to)
	close(stop)
	writing.Wait()

	db, err := sql.Open("sqlite", to)
	if err != nil {
		t.Fatal(err)
	}
	var found string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&found); err != nil || found != "ok" {
		t.Errorf("integrity of the copy: got %q, %v, want ok", found, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	restored := start(t, newLines(), "--store", "sqlite:"+to, "--secret-file", secret, "--rate-limits=off")
	for i := range before + 1 {
		restored.credentials(app, fmt.Sprintf("user%d@example.com", i), "sign_in").want(t, 200, "")
	}
	restored.send("GET", "/users/"+app, "", bearer(key)).want(t, 200, "")
}
