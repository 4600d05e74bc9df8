GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: test lint fuzz bench

# Every test, with the race detector, on every store; Postgres is set up for the run.
test:
	go vet ./...
	scripts/with-postgres.sh go test -race ./...
	cd e2e && npm ci --no-audit --no-fund && ../scripts/with-chromium.sh ../scripts/with-postgres.sh go test -race ./...

lint:
	test -z "$$(gofmt -l . | tee /dev/stderr)"
	$(GOLANGCI) run ./...
	cd e2e && $(GOLANGCI) run --config ../.golangci.yml ./...

# Each fuzz target for FUZZTIME (10s).
fuzz:
	scripts/fuzz.sh

bench:
	scripts/with-postgres.sh go test -run '^$$' -bench . -benchmem ./...
