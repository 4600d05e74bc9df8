// Command pocketbase is PocketBase with what the operations need: one-time codes by mail are on,
// and synchronous is FULL, since the other systems too answer a write once it is on disk. As it
// ships, it is NORMAL. Its limits are off as it ships.
package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"strconv"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/core"
)

// pragmas are those of core.DefaultDBConnect but for synchronous.
const pragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=journal_size_limit(200000000)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)"

func main() {
	app := pocketbase.NewWithConfig(pocketbase.Config{
		HideStartBanner: true,
		DBConnect:       func(path string) (*dbx.DB, error) { return dbx.Open("sqlite", path+pragmas) },
	})
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		if err := configure(e.App); err != nil {
			return err
		}
		return e.Next()
	})
	if err := app.Start(); err != nil {
		log.Fatal(err)
	}
}

func configure(app core.App) error {
	synchronous := 0
	if err := app.NonconcurrentDB().NewQuery("pragma synchronous").Row(&synchronous); err != nil {
		return err
	}
	if synchronous != 2 {
		return fmt.Errorf("synchronous is %d, want 2: FULL", synchronous)
	}
	host, port, err := net.SplitHostPort(os.Getenv("BENCH_SMTP"))
	if err != nil {
		return err
	}
	s := app.Settings()
	s.SMTP.Enabled, s.SMTP.Host = true, host
	if s.SMTP.Port, err = strconv.Atoi(port); err != nil {
		return err
	}
	s.RateLimits.Enabled = false
	if err := app.Save(s); err != nil {
		return err
	}
	users, err := app.FindCollectionByNameOrId("users")
	if err != nil || users.OTP.Enabled {
		return err
	}
	users.OTP.Enabled = true
	return app.Save(users)
}
