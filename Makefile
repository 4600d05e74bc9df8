GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: test lint fuzz gobench bench growth faults shots

# Every test, with the race detector, on every store; Postgres is set up for the run.
test:
	go vet ./...
	scripts/with-postgres.sh go test -race -timeout 20m $$(go list ./... | grep -v -e /store/sqlite -e /cmd/authkit)
	# SQLite is Go code here, which the race detector slows tenfold. The tests above run it on a
	# few goroutines, and these all of the conformance suite. Those of the command run it as a
	# process, over SQLite for the greater part.
	scripts/with-postgres.sh go test -timeout 20m ./store/sqlite/... ./cmd/authkit/...
	# A host may build with the next JSON package; tokens have to be the same.
	GOEXPERIMENT=jsonv2 go test ./internal/token ./verify
	GOEXPERIMENT=jsonv2 go test -run 'TestClaimsHook|TestAccessTokenClaims' .
	cd examples/routers && go vet ./... && go test -race ./...
	cd examples/pages && go vet ./... && go test -race ./...
	cd bench && go vet ./... && go test . && ../scripts/with-postgres.sh go test -timeout 20m ./faults/...
	# Without the race detector: browsers and their server share the cores, and the races of the
	# server are looked for above.
	cd e2e && npm ci --no-audit --no-fund && ../scripts/with-chromium.sh ../scripts/with-proxies.sh ../scripts/with-postgres.sh go test -timeout 20m ./...

lint:
	test -z "$$(gofmt -l . | tee -a /dev/stderr)"
	$(GOLANGCI) run ./...
	# How wide types are, how many files use each other, which words comments use.
	go run ./internal/tools/figures -check
	# Whether the exported API is compatible with the last tag.
	scripts/apidiff.sh
	cd examples/routers && $(GOLANGCI) run --config ../../.golangci.yml ./...
	cd examples/pages && $(GOLANGCI) run --config ../../.golangci.yml ./...
	cd e2e && $(GOLANGCI) run --config ../.golangci.yml ./...
	cd bench && $(GOLANGCI) run --config ../.golangci.yml ./...

# Each fuzz target for FUZZTIME (10s).
fuzz:
	scripts/fuzz.sh

# Benchmarks of each store.
gobench:
	scripts/with-postgres.sh go test -run '^$$' -bench . -benchmem ./...

# authkit beside what people use today, in about 25 minutes, into bench/REPORT.md. BENCH holds
# flags, such as -quick; GOTRUE is a source tree of GoTrue, which then takes part.
bench:
	cd bench && go run . -gotrue "$(GOTRUE)" $(BENCH)

# How the figures change with apps, users and processes; 20 minutes.
growth:
	cd bench && go run ./growth

# What breaks, and what authkit promises then: every case in its long form, into a report.
faults:
	cd bench && ../scripts/with-postgres.sh go run ./faults -long -report faults/REPORT.md

# A screenshot of each page in each state, at each size, in light and dark, in four languages, into
# e2e/shots; open its index.html.
shots:
	rm -rf e2e/shots
	cd e2e && npm ci --no-audit --no-fund && AUTHKIT_SHOTS=shots ../scripts/with-chromium.sh go test -count=1 -run '^TestThePages$$' .
