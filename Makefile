# Gatehouse. `make` says what there is.

GO       ?= go
TEMPL    := $(GO) run github.com/a-h/templ/cmd/templ@v0.3.1100
CHECKER  := $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
AIR      := $(GO) run github.com/air-verse/air@v1.67.4
FUZZTIME ?= 60s
# Under the race detector a password's hash takes three times as long, and it touches no memory but its own.
HASHES   := -gcflags=golang.org/x/crypto/argon2=-race=false

.DEFAULT_GOAL := help
.PHONY: help run demo compiled dev doctor build generate check test test-resilience fuzz bench clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: compiled ## serve http://localhost:3000; needs Go alone
	@exec bin/run/app

demo: compiled ## the same, with every provider's button working against a local stand-in
	@exec bin/run/demo bin/run/app

# Not go run, which ends in an error of its own after ^C.
compiled:
	@command -v $(GO) >/dev/null || { echo 'Go is missing: install 1.26 or later from https://go.dev/dl/'; exit 1; }
	@case "$$($(GO) env GOVERSION)" in go1.?|go1.?.*|go1.1*|go1.20*) \
		echo "$$($(GO) env GOVERSION) is too old to fetch what it needs: install Go 1.26 or later from https://go.dev/dl/"; exit 1;; esac
	@test -x bin/run/app || echo 'the first time, this downloads the modules and compiles them: about a minute'
	@$(GO) build -o bin/run/ ./app ./app/oauth/emulator/demo

dev: ## rebuild and restart on save; nobody is signed out
	$(AIR)

doctor: ## what is configured, what to register, what answers
	$(GO) run ./app doctor

build: ## bin/gatehouse, one static binary; VERSION names it, else the commit does
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X gatehouse/app/server.release=$(VERSION)" -o bin/gatehouse ./app

generate: node_modules ## rebuild the templ components and the CSS, and compress what is static
	$(TEMPL) generate -include-version=false -path views
	npx --no-install @tailwindcss/cli -i views/app.css -o static/app.css --minify
	$(GO) run ./static/pack

node_modules: package.json package-lock.json
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch node_modules

check: generate ## what is committed is what is generated; format, modules, vet, staticcheck, known vulnerabilities
	@git diff --exit-code -- views static || { echo 'generated files differ: commit what make generate wrote'; exit 1; }
	@test -z "$$(git ls-files --others --exclude-standard -- views static)" || { echo 'generated files are not committed'; exit 1; }
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run gofmt -w on these'; exit 1; }
	$(TEMPL) fmt -fail views
	@.ci/long-lines
	$(GO) mod tidy -diff
	$(GO) vet ./... && $(GO) vet -tags resilience ./app/tests/resilience
	$(CHECKER) ./...
	@GO=$(GO) .ci/known-holes

test: ## everything, with real servers and a real browser; sets up what it needs
	.ci/with-servers $(GO) test -race $(HASHES) -parallel 4 -timeout 20m ./...

test-resilience: ## kill, hang and fail over what it stands on; prints the figures
	.ci/with-servers $(GO) test -tags resilience -count=1 -timeout 15m -v ./app/tests/resilience

fuzz: ## each fuzz target for FUZZTIME
	.ci/fuzz $(FUZZTIME)

bench: ## server CPU per request, as ratios to a bare handler in the same run
	.ci/with-servers $(GO) run ./app/bench

clean: ## remove what was built; data/ stays
	rm -rf bin tmp node_modules
