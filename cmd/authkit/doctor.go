package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// doctor looks for what is wrong with a deployment. It takes the flags of serve, and changes
// nothing.
type doctor struct {
	serve

	JSON bool `help:"Print one JSON document instead of text." name:"json"`
}

// errUnwell means that the doctor has found an error. It was printed with the others.
var errUnwell = errors.New("the doctor has found an error")

// Run prints the findings, the worst first.
func (d *doctor) Run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	found := d.examine(ctx)
	slices.SortStableFunc(found, func(a, b authkit.Finding) int { return cmp.Compare(severities[a.Severity], severities[b.Severity]) })
	unwell := len(found) > 0 && found[0].Severity == authkit.SeverityError
	var err error
	if d.JSON {
		err = printJSON(os.Stdout, diagnosis{!unwell, found})
	} else {
		err = printFindings(os.Stdout, found)
	}
	if err == nil && unwell {
		err = errUnwell
	}
	return err
}

// severities orders them.
var severities = map[authkit.Severity]int{authkit.SeverityError: 0, authkit.SeverityWarning: 1, authkit.SeverityNote: 2}

// diagnosis is the JSON document.
type diagnosis struct {
	OK       bool              `json:"ok"` // there is no error
	Findings []authkit.Finding `json:"findings"`
}

// printFindings writes text for people.
func printFindings(w io.Writer, found []authkit.Finding) error {
	var out strings.Builder
	count := map[authkit.Severity]int{}
	for _, f := range found {
		count[f.Severity]++
		fmt.Fprintf(&out, "%s: %s\n", f.Severity, f.Code)
		if f.App != (authkit.Finding{}).App {
			fmt.Fprintf(&out, "  app   %s\n", f.App)
		}
		for _, line := range [][2]string{{"seen", f.Seen}, {"why", f.Why}, {"fix", f.Fix}} {
			fmt.Fprintf(&out, "  %-5s %s\n", line[0], plain(line[1]))
		}
		out.WriteString("\n")
	}
	fmt.Fprintf(&out, "errors: %d, warnings: %d, notes: %d\n", count[authkit.SeverityError], count[authkit.SeverityWarning], count[authkit.SeverityNote])
	_, err := io.WriteString(w, out.String())
	return err
}

// plain returns a text without characters that move the cursor: it may hold what a server said.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// examine looks at the flags and files, and lets an engine look at the rest. Where the store
// cannot be used, the engine has an empty one.
func (d *doctor) examine(ctx context.Context) []authkit.Finding {
	config, found, ok := d.flags()
	at := d.openStore(ctx)
	defer at.close()
	found = append(found, at.found...)
	secrets, more := d.readSecrets(at)
	found = append(found, more...)
	if !ok {
		return found
	}
	config.Logger = slog.New(slog.DiscardHandler)
	engine, more := d.makeEngine(config, at, secrets)
	found = append(found, more...)
	if engine == nil {
		return found
	}
	for _, f := range engine.Check(ctx) {
		if f.Code != authkit.FindingBaseURLOtherStore || at.lasting {
			found = append(found, f)
		}
	}
	return found
}

// flags reads the configuration. ok is false if it cannot be used.
func (d *doctor) flags() (config authkit.Config, found []authkit.Finding, ok bool) {
	bad := func(err error) {
		found = append(found, authkit.NewFinding(authkit.FindingConfiguration, strings.TrimPrefix(err.Error(), "authkit: ")))
	}
	config, err := d.config()
	if err != nil {
		bad(err)
	}
	base, baseErr := d.outerURL()
	if baseErr != nil {
		bad(baseErr)
		return config, found, false
	}
	config.BaseURL = d.BaseURL
	var mailErr error
	if config.Mailer, mailErr = d.mailer(base); mailErr != nil {
		bad(mailErr)
		config.Mailer = unknownMailer{}
	}
	config.Limits.InsecureOff = d.RateLimits == "off"
	config.InsecureAllowLoopbackProviders = d.Loopback
	return config, found, err == nil
}

// unknownMailer stands for a mailer that cannot be made. Nothing is sent.
type unknownMailer struct{}

func (unknownMailer) Send(context.Context, mail.Message) error { return mail.ErrUndelivered }

// outerURL returns the base URL. The doctor does not listen: without --base-url it is that of
// --addr.
func (d *doctor) outerURL() (*url.URL, error) {
	if d.BaseURL == "" {
		if _, _, err := net.SplitHostPort(d.Addr); err != nil {
			return nil, fmt.Errorf("--addr is %q, and --base-url is not set: give --base-url", d.Addr)
		}
		d.BaseURL = "http://" + reachable(d.Addr, listening(d.Addr))
	}
	return d.base(nil)
}

// listening is an address at which the server listens.
type listening string

func (listening) Network() string  { return "tcp" }
func (l listening) String() string { return string(l) }
