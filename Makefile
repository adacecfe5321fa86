# Studycast. `make` alone prints help.
MODULES  := proto core services gateway video-worker audio-worker studycast
GO_FILES  = $(MODULES:%=./%/...)
LINTER   := .cache/bin/golangci-lint
BUF      := tools/node_modules/.bin/buf
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo dev)

.PHONY: help demo run test bench generate lint fmt clean build
help: ## print this help
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

build: ## build the studycast binary into bin/
	@go build -o bin/studycast -ldflags "-X main.version=$(VERSION)" ./studycast/cmd/studycast

demo: ## make a video and an audio overview of the bundled article (or URL=...) into out/
	@tools/setup.sh demo
	@$(MAKE) --no-print-directory build
	@bin/studycast demo --out out $(if $(URL),--url "$(URL)")

run: ## start the server on http://127.0.0.1:8080
	@tools/setup.sh demo
	@$(MAKE) --no-print-directory build
	@bin/studycast serve

test: ## check everything: lint, generated code, unit, conformance, crash and browser tests
	@tools/setup.sh test
	@$(MAKE) --no-print-directory lint
	go test -race -timeout 15m $(filter-out ./studycast/...,$(GO_FILES))
	go test -race -timeout 20m -p 1 -count 1 ./studycast/...

bench: ## measure the brokers, the store and the lesson stages
	@tools/setup.sh demo
	go test -run '^$$' -bench . -benchtime 2s -timeout 30m work

generate: $(BUF) ## make the generated code and docs again
	GOWORK=off PATH="$(CURDIR)/tools/node_modules/.bin:$$PATH" buf generate
	go generate $(GO_FILES)

lint: $(LINTER) $(BUF) ## run golangci-lint and buf lint
	$(BUF) lint
	$(BUF) format --diff --exit-code
	$(LINTER) run $(GO_FILES)

fmt: $(LINTER) $(BUF) ## format Go and proto files
	$(LINTER) fmt $(GO_FILES)
	$(BUF) format --write

clean: ## remove what make made; installed packages stay
	rm -rf bin out data .cache tools/node_modules

$(LINTER): tools/go.mod
	@echo "Building golangci-lint (once) …"
	@mkdir -p $(@D)
	@cd tools && GOWORK=off go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BUF): tools/package-lock.json
	@cd tools && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
