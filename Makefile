# Ringmaster. `make help` lists what there is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# FOR ends the demo after a while (make demo FOR=60s); ARGS are handed to it.
FOR ?=
ARGS ?=
# PKG and BENCH choose packages and benchmarks; TESTFLAGS are handed to go test.
PKG ?= ./...
BENCH ?= .
TESTFLAGS ?=

GOLANGCI_VERSION := 2.15.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
GOTESTSUM := gotest.tools/gotestsum@v1.13.0

# A tree without usable version control (an archive, a foreign owner) builds too.
VCS := -buildvcs=$(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)

# The pages need Node; without it the binary serves a page that says so.
WEB := agentui/web
NPM := $(shell command -v npm)
ifneq ($(and $(NPM),$(wildcard $(WEB)/package-lock.json)),)
HAVE_WEB := yes
PAGES := $(WEB)/dist/index.html
PAGES_FROM := $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(wildcard $(WEB)/*.ts $(WEB)/*.json) -type f 2>/dev/null)
endif
NODE_MODULES := $(WEB)/node_modules/.package-lock.json

# The race detector is too slow for the floors of scores in full: after the run
# of everything their package is tested without it, within the same summary.
FLOORS := ./campaigns/scoring/judge
GOTEST := go test
ifeq ($(PKG),./...)
GOTEST := bash -c 'code=0; go test $$0 "$$@" || code=$$?; go test $$0 $(FLOORS) || code=$$?; exit $$code'
endif

# with runs a command with a private PostgreSQL and Redis.
WITH := bin/with

.PHONY: help demo build pages test lint bench setup clean $(WITH)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## a call center at work on this machine, with nothing to configure; FOR=60s ends it, ARGS are its flags
	@sh configs/setup.sh stores
	@$(MAKE) build >&2
	@exec bin/ringmaster demo $(if $(FOR),--for $(FOR)) $(ARGS)

build: pages ## the pages, and the binary at bin/ringmaster
	@go build $(VCS) -o bin/ringmaster ./cmd/ringmaster

pages: $(PAGES) ## the browser pages, where Node is installed
	@$(if $(HAVE_WEB),,echo "The pages are not built: $(if $(NPM),$(WEB) has no package-lock.json,Node.js (npm) is not installed)." >&2)

ifdef HAVE_WEB
$(PAGES): $(NODE_MODULES) $(PAGES_FROM)
	@echo "Building the pages." >&2
	@npm --prefix $(WEB) --silent run build >&2
	@touch $@

$(NODE_MODULES): $(WEB)/package-lock.json
	@echo "Installing the npm packages of the pages." >&2
	@npm --prefix $(WEB) ci --no-audit --no-fund --loglevel=error >&2
	@touch $@
endif

test: setup pages $(WITH) ## all tests, on a private PostgreSQL and Redis; PKG, TESTFLAGS
	@$(if $(HAVE_WEB),npm --prefix $(WEB) --silent test -- --passWithNoTests)
	@go vet $(PKG)
	@if go run $(GOTESTSUM) --version >/dev/null 2>&1; then \
		exec $(WITH) -- go run $(GOTESTSUM) --format pkgname --format-hide-empty-pkg --raw-command -- $(GOTEST) -json -race -timeout 10m $(TESTFLAGS) $(PKG); \
	else \
		exec $(WITH) -- $(GOTEST) -json=false -race -timeout 10m $(TESTFLAGS) $(PKG); \
	fi

lint: $(if $(HAVE_WEB),$(NODE_MODULES)) ## gofmt, go vet, golangci-lint, TypeScript, known vulnerabilities
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
		[ -z "$$unformatted" ] || { echo "gofmt these:"; echo "$$unformatted"; exit 1; }
	@go vet ./...
	@for lint in golangci-lint "$$(go env GOPATH)/bin/golangci-lint"; do \
		if "$$lint" version 2>/dev/null | grep -qF "version $(GOLANGCI_VERSION) "; then exec "$$lint" run; fi; \
	done; \
	exec go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI_VERSION) run
	@$(if $(HAVE_WEB),npm --prefix $(WEB) --silent run check)
	@code=0; { GOBIN="$(CURDIR)/bin" go install $(GOVULNCHECK) && bin/govulncheck ./...; } || code=$$?; \
		[ $$code -ne 3 ] || exit 1; \
		[ $$code -eq 0 ] || echo "govulncheck could not look (no database, or no way to it); left out." >&2

bench: setup $(WITH) ## benchmarks on private, durable stores; PKG, BENCH, TESTFLAGS
	@$(WITH) --durable -- go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m $(TESTFLAGS) $(PKG)

setup: ## install what this machine lacks for the tests and the demo; SETUP=skip installs nothing
	@sh configs/setup.sh tests

$(WITH):
	@go build -buildvcs=false -o $@ ./configs/stores/with

clean: ## remove what was built
	@rm -rf bin $(WEB)/node_modules
	@git clean -fdXq $(WEB)/dist
