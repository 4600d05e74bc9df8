// Command authkit serves authkit as a stand-alone server, and keeps its database.
//
//	authkit serve --developer @developer.txt
//	authkit migrate --dry-run
//	echo "$PASSWORD" | authkit developer create dev@example.com
//	authkit app export shop > shop.json
//	authkit user disable --app shop ann@example.com
//	authkit users import --app shop users.jsonl
//	authkit key rotate --app shop --overlap 24h
//	authkit audit list --app shop --type session.start
//	authkit explain --app shop 01a21e58-b24d-73cf-9f6b-9e7003c8def5
//	authkit backup authkit-2030-01-02.db
//	authkit doctor --base-url https://example.com/auth
//	authkit keygen --secret-file new.secret
//	authkit secrets reseal --secret-file new.secret,old.secret
//
// Every flag is also an environment variable: AUTHKIT_ and the flag's name in capitals,
// with underscores, and a key of the TOML file of --config. The exceptions are --help, --version and the flags of keygen.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Serve     serve         `cmd:"" help:"Serve every endpoint."`
	Developer developer     `cmd:"" help:"Manage developers."`
	Migrate   migrate       `cmd:"" help:"Bring the database up to date."`
	Keygen    keygen        `cmd:"" help:"Write a new secret, base64, to stdout or a file."`
	Secrets   secrets       `cmd:"" help:"Retire older secrets."`
	App       appCommands   `cmd:"" help:"Manage apps, and keep their configuration as files."`
	User      userCommands  `cmd:"" help:"Manage the users of an app."`
	Users     usersCommands `cmd:"" help:"Bring all users into an app, or take them out."`
	Key       keyCommands   `cmd:"" help:"Manage the API keys of an app."`
	Audit     auditCommands `cmd:"" help:"Read the audit log of an app, and check it."`
	Explain   explain       `cmd:"" help:"Say why a request to an app was refused, and what to change."`
	Backup    backup        `cmd:"" help:"Copy the store of an SQLite file, while servers use it."`
	Doctor    doctor        `cmd:"" help:"Look for what is wrong with a deployment, and say what to do."`
	Health    health        `cmd:"" help:"Ask whether the server runs: exit status 0 if it does."`

	Version kong.VersionFlag `help:"Print the version." env:"-"` // AUTHKIT_VERSION is left to deployments
}

func main() { os.Exit(run(context.Background(), os.Args[1:])) }

func run(ctx context.Context, args []string) int {
	parser, err := newParser(ctx)
	if err != nil {
		return fail(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fail(withHelp(err))
	}
	err = parsed.Run()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errDiffers), errors.Is(err, errUnwell):
		return 1
	}
	status := fail(err)
	if _, ok := errors.AsType[troubleError](err); ok {
		status = 2
	}
	return status
}

// withHelp adds to an error of the command line which help to read: that of the command, if there is one.
func withHelp(err error) error {
	between, about := "; ", "`authkit --help` lists commands and flags"
	if strings.HasSuffix(err.Error(), "?") { // kong suggests a command
		between = " "
	}
	failed, ok := errors.AsType[*kong.ParseError](err)
	if ok && failed.Context.Selected() != nil {
		command := failed.Context.Selected()
		about = fmt.Sprintf("`%s --help` lists its flags", command.FullPath())
		if len(command.Children) > 0 {
			about = fmt.Sprintf("`%s --help` lists its commands", command.FullPath())
		}
	}
	return fmt.Errorf("%w%s%s", err, between, about)
}

func newParser(ctx context.Context) (*kong.Kong, error) {
	return kong.New(&cli{}, kong.Name("authkit"), kong.Description("Multi-tenant authentication."),
		kong.Vars{"version": version(debug.ReadBuildInfo())}, kong.DefaultEnvars("AUTHKIT"), kong.BindTo(ctx, (*context.Context)(nil)))
}

// fail prints an error and returns the exit status. It removes the prefix of the library's
// errors, which names the program a second time.
func fail(err error) int {
	fmt.Fprintln(os.Stderr, "authkit:", strings.TrimPrefix(err.Error(), "authkit: "))
	return 1
}
