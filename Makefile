# Studycast. `make` alone prints help.
MODULES  := proto core deploy services gateway video-worker audio-worker client studycast lab
GO_FILES  = $(MODULES:%=./%/...)
LINTER   := .cache/bin/golangci-lint
BUF      := tools/node_modules/.bin/buf
TSC      := clients/typescript/node_modules/.bin/tsc
WEB      := gateway/web
VITE     := $(WEB)/node_modules/.bin/vite
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo dev)

PROGRAMS := studycast/cmd/studycast gateway/cmd/gateway services/status/cmd/status services/deadletter/cmd/deadletter \
            video-worker/cmd/video-worker audio-worker/cmd/audio-worker lab/cmd/local
BUILD     = go build -ldflags "-X github.com/studycast/studycast/core/version.version=$(VERSION)" -o bin/

# Programs that the tests of whole systems share.
TESTED   := $(CURDIR)/.cache/tested

# Checks of the manifests: a module of its own, because of what it depends on.
K8S_CHECKS := deploy/k8s/verify

PAGES    := $(WEB)/dist/index.html

.PHONY: help web demo run up down test test-faults test-cluster test-rabbitmq4 test-versions images verify-images verify-k8s bench generate lint fmt clean build programs
help: ## print this help
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

web: $(PAGES) ## build the pages of the front end

build: ## build the studycast binary into bin/
	@$(BUILD) ./studycast/cmd/studycast

programs: $(PAGES) ## build all programs into bin/
	@$(BUILD) $(PROGRAMS:%=./%)

demo: ## make a video and an audio overview of the bundled article (or URL=...) into out/; BROKER=rabbitmq: on RabbitMQ
ifeq ($(BROKER),rabbitmq)
	@tools/setup.sh up
	@$(MAKE) --no-print-directory programs
	@bin/local run --log out/demo.log -- sh -c 'exec bin/studycast demo --server "$$STUDYCAST_SERVER" "$$@"' demo --out out $(if $(URL),--url "$(URL)")
else ifeq ($(BROKER),)
	@tools/setup.sh demo
	@$(MAKE) --no-print-directory build
	@bin/studycast demo --out out $(if $(URL),--url "$(URL)")
else
	$(error BROKER=$(BROKER): use rabbitmq, or leave it out for the embedded queue)
endif

up: ## start everything on RabbitMQ and PostgreSQL of its own, one process per program
	@tools/setup.sh up
	@$(MAKE) --no-print-directory programs
	@bin/local up

down: ## stop what `make up` started and remove it
	@[ -x bin/local ] || $(BUILD) ./lab/cmd/local
	@bin/local down

run: $(PAGES) ## start the server on http://127.0.0.1:8080
	@tools/setup.sh demo
	@$(MAKE) --no-print-directory build
	@bin/studycast serve

test: $(PAGES) ## check everything: lint, generated code, unit, conformance, crash, browser and fault tests
	@tools/setup.sh test
	@$(MAKE) --no-print-directory lint
	cd $(WEB) && npm test --silent
	go test -race -timeout 40m $$(go list $(GO_FILES) | grep -v -e '/lab/' -e '/studycast/browser$$' -e '/studycast/e2e$$')
	cd $(K8S_CHECKS) && GOWORK=off go test ./...
	@go build -o $(TESTED)/ $(PROGRAMS:%=./%) ./lab/cmd/lab-worker ./lab/cmd/loadgen
	STUDYCAST_BIN=$(TESTED) go test -race -timeout 40m -p 2 -count 1 ./studycast/browser ./studycast/e2e $$(go list ./lab/... | grep -v /lab/faults)
	@$(MAKE) --no-print-directory test-faults STUDYCAST_BIN=$(TESTED)

test-faults: ## break things on a whole system of real processes; prints a table
	@tools/setup.sh test
	cd lab/faults && STUDYCAST_BIN="$(STUDYCAST_BIN)" go test -race -timeout 40m -count 1

test-cluster: ## three RabbitMQ nodes, one cut off, one killed (takes root and iproute2)
	@tools/setup.sh test
	STUDYCAST_CLUSTER=1 go test -race -timeout 10m -count 1 -v -run '^TestCluster$$' ./lab/faults

test-rabbitmq4: ## run the RabbitMQ adapter's tests on RabbitMQ 4 (takes root and debootstrap)
	@tools/setup.sh rabbitmq4
	@core/sandbox/rabbitmq/rabbitmq4.sh .cache/rabbitmq4; case $$? in \
	0) STUDYCAST_RABBITMQ_ROOT="$(CURDIR)/.cache/rabbitmq4" go test -race -count 1 -timeout 15m ./core/broker/rabbitbroker/... ./lab/permissions ;; \
	3) echo "SKIPPED: test-rabbitmq4" ;; \
	*) exit 1 ;; esac

test-versions: ## run neighbour versions together: REF=the other one, a tag or a commit
	@tools/setup.sh test
	STUDYCAST_NEIGHBOUR="$(or $(REF),$(error which version? make test-versions REF=HEAD~1))" go test -timeout 60m -count 1 -v -run Pairs ./lab/versions

images: $(PAGES) ## build the images of all programs without a container engine, into out/images
	@tools/setup.sh images
	@deploy/images/build.sh

verify-images: images programs ## run the images restricted, and make a lesson with them (takes root)
	@deploy/images/verify.sh

verify-k8s: ## ask a real Kubernetes API server about the manifests (builds it once: ten minutes)
	@tools/setup.sh k8s
	@deploy/k8s/verify.sh

bench: ## measure the brokers, the store and the lesson stages
	@tools/setup.sh demo
	go test -run '^$$' -bench . -benchtime 2s -timeout 30m work

generate: $(BUF) ## make the generated code and docs again
	GOWORK=off PATH="$(CURDIR)/tools/node_modules/.bin:$$PATH" buf generate
	go generate $(GO_FILES)
	go run ./studycast/cmd/studycast openapi | tools/node_modules/.bin/openapi-typescript -o clients/typescript/src/schema.ts

lint: $(LINTER) $(BUF) $(VITE) ## run golangci-lint, buf lint, and the checks of the front end
	cd $(WEB) && npm run --silent lint
	$(BUF) lint
	$(BUF) format --diff --exit-code
	@[ ! -d .git ] || ! git rev-parse -q --verify HEAD >/dev/null 2>&1 || $(BUF) breaking --against '.git#ref=HEAD'
	$(LINTER) run $(GO_FILES)
	cd $(K8S_CHECKS) && GOWORK=off $(CURDIR)/$(LINTER) run --build-tags programs ./...

fmt: $(LINTER) $(BUF) ## format Go and proto files
	$(LINTER) fmt $(GO_FILES)
	$(BUF) format --write

clean: ## remove what make made; installed packages stay
	@[ ! -d .local ] || $(MAKE) --no-print-directory down
	rm -rf bin out data .cache tools/node_modules $(WEB)/node_modules $(WEB)/dist/assets $(WEB)/dist/*.* clients/typescript/node_modules clients/typescript/dist clients/typescript/build clients/typescript/test/readme.ts

$(LINTER): tools/go.mod
	@echo "Building golangci-lint (once) …"
	@mkdir -p $(@D)
	@cd tools && GOWORK=off go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BUF): tools/package-lock.json
	@cd tools && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(TSC): clients/typescript/package-lock.json
	@cd clients/typescript && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(VITE): $(WEB)/package-lock.json $(TSC)
	@cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGES): $(VITE) $(shell find $(WEB)/src $(WEB)/public -type f) $(wildcard $(WEB)/*.json $(WEB)/*.ts $(WEB)/*.html) $(wildcard clients/typescript/src/*.ts)
	@cd $(WEB) && npm run --silent build
	@touch $@
