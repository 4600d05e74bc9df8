package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/authkit-dev/authkit"
)

type developer struct {
	Create createDeveloper `cmd:"" help:"Create a developer; the password is read from stdin."`
}

type createDeveloper struct {
	place

	Email string `arg:"" help:"The address to sign in with."`
}

// Run prints the developer's id.
func (d *createDeveloper) Run(ctx context.Context) error {
	if d.Store == "memory" {
		return errors.New("--store is memory, which keeps nothing beyond this command: give sqlite:FILE or postgres://…, or serve --developer")
	}
	if strings.Contains(d.Email, ":") { // an error that shows it might show a password
		return errors.New("EMAIL holds a colon: give the address alone, and the password on stdin")
	}
	password, err := readPassword("password: ")
	if err != nil {
		return err
	}
	work, err := d.openEngine(ctx, d.secrets)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	u, err := work.CreateDeveloper(ctx, d.Email, password)
	if err != nil {
		return fmt.Errorf("create developer %q: %w", d.Email, err)
	}
	_, err = fmt.Println(u.ID)
	return err
}

// readPassword reads one line, before anything is opened. A terminal shows the prompt, and not
// what is typed.
func readPassword(prompt string) (string, error) {
	line, err := readLine(prompt)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	switch {
	case line == "" && term.IsTerminal(int(os.Stdin.Fd())):
		return "", errors.New("the password is empty: type one, and press Enter")
	case line == "":
		return "", errors.New("no password on stdin: write it there, on one line, or run this in a terminal to be asked for it")
	}
	return line, nil
}

func readLine(prompt string) (string, error) {
	if in := int(os.Stdin.Fd()); term.IsTerminal(in) {
		fmt.Fprint(os.Stderr, prompt)
		line, err := term.ReadPassword(in)
		fmt.Fprintln(os.Stderr) // the terminal does not show the newline that was typed
		return string(line), err
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// newcomer is the developer that --developer names. The zero newcomer names no developer.
type newcomer struct{ email, password string }

// developer reads --developer, and asks for the password of an address alone in a terminal. Its
// errors never contain the password.
func (s *serve) developer() (newcomer, error) {
	text, from := s.Developer, "--developer"
	if file, ok := strings.CutPrefix(text, "@"); ok {
		b, err := os.ReadFile(file)
		if err != nil {
			return newcomer{}, fmt.Errorf("--developer: %w", withoutPassword(file, err))
		}
		text, from = strings.TrimRight(string(b), "\r\n"), fmt.Sprintf("--developer: file %q", file)
	} else if text == "" {
		return newcomer{}, nil
	} else if !strings.Contains(text, ":") && term.IsTerminal(int(os.Stdin.Fd())) {
		password, err := readPassword(fmt.Sprintf("password of %s, if new: ", text))
		return newcomer{text, password}, err
	}
	email, password, ok := strings.Cut(text, ":")
	if !ok && from == "--developer" {
		return newcomer{}, errors.New("--developer does not hold EMAIL:PASSWORD: give @FILE of a file that does, or an address alone in a terminal, which asks for the password")
	}
	if !ok || email == "" || password == "" {
		return newcomer{}, fmt.Errorf("%s does not hold EMAIL:PASSWORD", from)
	}
	return newcomer{email, password}, nil
}

// withoutPassword returns the error of a file. If the name holds a colon, it may be EMAIL:PASSWORD
// after a wrong @, and the error does not show it.
func withoutPassword(file string, err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok && strings.Contains(file, ":") {
		return fmt.Errorf("open the file after @: %w", failed.Err)
	}
	return err
}

// create creates the developer. One who exists keeps the password, which a line of the log
// says; that is not an error.
func (n newcomer) create(ctx context.Context, engine *authkit.Engine, log *slog.Logger) error {
	if n.email == "" {
		return nil
	}
	_, err := engine.CreateDeveloper(ctx, n.email, n.password)
	switch {
	case errors.Is(err, authkit.CodeEmailTaken):
		log.Info("the developer exists already; the password is left as it was", slog.String("developer", n.email))
	case err != nil:
		return fmt.Errorf("--developer %q: %w", n.email, err)
	}
	return nil
}
