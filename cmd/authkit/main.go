// Command authkit serves authkit as a stand-alone server, and keeps its database.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line; every flag is also an environment variable.
type cli struct {
	Serve     serve     `cmd:"" help:"Serve every endpoint."`
	Developer developer `cmd:"" help:"Manage developers."`
	Migrate   migrate   `cmd:"" help:"Bring the database up to date."`
	Keygen    keygen    `cmd:"" help:"Write a new secret, base64, to stdout."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("authkit"), kong.Description("Multi-tenant authentication."),
		kong.DefaultEnvars("AUTHKIT"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return fail(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fail(err)
	}
	if err := parsed.Run(); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "authkit:", err)
	return 1
}
