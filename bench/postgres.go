package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a throwaway cluster whose commits are durable.
type postgres struct {
	bin, folder, port string
	pid               int
	as                *syscall.Credential // initdb and postgres refuse to be root
}

// poolSize is how many connections each system may have to Postgres.
const poolSize = 16

// startPostgres makes a cluster in a folder of its own. Where there is no Postgres, the script of
// the tests installs one.
func startPostgres(ctx context.Context) (*postgres, error) {
	pg := &postgres{bin: serverPrograms()}
	if pg.bin == "" {
		install := exec.CommandContext(ctx, "../scripts/with-postgres.sh", "true")
		install.Stderr = os.Stderr
		_ = install.Run() // what it did not install is missing below
		if pg.bin = serverPrograms(); pg.bin == "" {
			return nil, errors.New("no initdb found: install PostgreSQL")
		}
	}
	var err error
	if pg.folder, err = os.MkdirTemp("", "bench-postgres"); err != nil {
		return nil, err
	}
	if err := pg.becomeOrdinary(); err != nil {
		return pg, err
	}
	addr, err := freeAddr(ctx)
	if err != nil {
		return pg, err
	}
	_, pg.port, _ = net.SplitHostPort(addr)
	data := filepath.Join(pg.folder, "data")
	if err := pg.run(ctx, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"); err != nil {
		return pg, err
	}
	options := fmt.Sprintf("-p %s -k %s -h 127.0.0.1 -c max_connections=200 -c shared_buffers=512MB -c max_wal_size=4GB", pg.port, pg.folder)
	if err := pg.run(ctx, "pg_ctl", "-D", data, "-w", "-l", filepath.Join(pg.folder, "log"), "-o", options, "start"); err != nil {
		return pg, err
	}
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return pg, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if pg.pid, err = strconv.Atoi(first); err != nil {
		return pg, err
	}
	return pg, pg.checkDurable(ctx)
}

// checkDurable refuses a cluster that answers before a commit is on disk.
func (pg *postgres) checkDurable(ctx context.Context) error {
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		got, err := pg.ask(ctx, "show "+name)
		if err != nil {
			return err
		}
		if got != "on" {
			return fmt.Errorf("postgres: %s is %s, want on", name, got)
		}
	}
	return nil
}

// becomeOrdinary finds the user that the programs run as, if this process is root.
func (pg *postgres) becomeOrdinary() error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid) // numbers, on every Unix
	gid, _ := strconv.Atoi(u.Gid)
	pg.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // they fit
	return os.Chown(pg.folder, uid, gid)
}

func (pg *postgres) run(ctx context.Context, program string, args ...string) error {
	c := exec.CommandContext(ctx, filepath.Join(pg.bin, program), args...) //nolint:gosec // a program of Postgres
	c.Dir = pg.folder
	c.SysProcAttr = &syscall.SysProcAttr{Credential: pg.as}
	// A file, since a pipe would stay open in the server that pg_ctl leaves behind.
	log, err := os.Create(filepath.Join(pg.folder, program+".out"))
	if err != nil {
		return err
	}
	c.Stdout, c.Stderr = log, log
	err = c.Run()
	if err != nil {
		text, _ := os.ReadFile(log.Name()) // for a message only
		err = fmt.Errorf("%s: %w\n%s", program, err, text)
	}
	return errors.Join(err, log.Close())
}

// close stops the cluster and removes it.
func (pg *postgres) close() error {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	var err error
	if pg.pid != 0 {
		err = pg.run(ctx, "pg_ctl", "-D", filepath.Join(pg.folder, "data"), "-m", "immediate", "stop")
	}
	return errors.Join(err, os.RemoveAll(pg.folder))
}

// url returns the address of a database.
func (pg *postgres) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%s/%s?sslmode=disable", pg.port, database)
}

// create makes a database.
func (pg *postgres) create(ctx context.Context, database string) error {
	return pg.exec(ctx, "postgres", "create database "+database)
}

// exec runs statements on a database, one after the other and each by itself.
func (pg *postgres) exec(ctx context.Context, database string, statements ...string) error {
	c, err := pgx.Connect(ctx, pg.url(database))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	for _, s := range statements {
		if _, err := c.Exec(ctx, s, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// ask returns the one text of a query.
func (pg *postgres) ask(ctx context.Context, query string) (string, error) {
	return pg.askOn(ctx, "postgres", query)
}

func (pg *postgres) askOn(ctx context.Context, database, query string) (text string, err error) {
	c, err := pgx.Connect(ctx, pg.url(database))
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close(ctx) }()
	return text, c.QueryRow(ctx, query).Scan(&text)
}

// serverPrograms returns the folder of initdb, and "" where there is none.
func serverPrograms() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	var all []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/local/pgsql/bin/initdb", "/opt/homebrew/opt/postgresql*/bin/initdb"} {
		found, _ := filepath.Glob(pattern) // the patterns are sound
		all = append(all, found...)
	}
	if len(all) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(all))
}
