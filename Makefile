# Everything a developer does, each target with all of its own set-up.
# `make` or `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOLS := $(CURDIR)/.cache/bin
GOLANGCI_LINT := $(TOOLS)/golangci-lint-v2.15.0
GOFUMPT := $(TOOLS)/gofumpt-v0.12.0
TOCSIN := $(TOOLS)/tocsin

# How the function in a folder is built, by make and by `sam build` alike. HTTP/2 is for
# endpoints, which deliver alone calls; AWS is asked by HTTP/1.1.
function-flags = -trimpath -ldflags "-s -w" -tags lambda.norpc,validator_novalidatefn$(if $(filter deliver,$(1)),,$(comma)nethttpomithttp2)
comma := ,
# The architecture that functions are built for: arm64 or amd64. It must be that
# of the template's parameter Architecture (arm64 or x86_64).
ARCHITECTURE ?= arm64

##@ Try it
.PHONY: demo demo-mns run invoke start-api demo-aws functions
demo: $(TOCSIN) ## show the main job from end to end, in a few seconds
	@$(TOCSIN) demo

demo-mns: $(TOCSIN) ## show what programs of Alibaba MNS topics do, with the endpoint of its samples
	@$(TOCSIN) demo -mns

run: $(TOCSIN) ## serve on 127.0.0.1:8080 with the data in ./data; Ctrl-C stops it
	@exec $(TOCSIN) serve -addr 127.0.0.1:8080 -data ./data -sample sample

invoke: $(TOCSIN) ## run one function: make invoke FUNCTION=publish EVENT=events/publish.json
	@test -n "$(FUNCTION)" -a -n "$(EVENT)" || { echo "usage: make invoke FUNCTION=publish EVENT=events/publish.json" >&2; exit 2; }
	@CGO_ENABLED=0 go build $(call function-flags,$(FUNCTION)) -o .cache/functions/$(FUNCTION)/bootstrap ./functions/$(FUNCTION)
ifneq ($(filter deliver mns,$(FUNCTION)),) # which stand on AWS alone
	@$(MAKE) --silent --no-print-directory emulators
	@go run ./internal/stack/run -invoke $(FUNCTION) -event "$(EVENT)"
else
	@$(TOCSIN) invoke -bootstrap .cache/functions/$(FUNCTION)/bootstrap -event "$(EVENT)" -env-file env.json \
	  -function "$$(echo $(FUNCTION) | awk -F- '{for (i = 1; i <= NF; i++) printf toupper(substr($$i, 1, 1)) substr($$i, 2)}')Function"
endif

start-api: functions emulators ## serve the functions behind the template's routes on 127.0.0.1:3000; BACKEND=aws (default, emulators) or remote
	@go run ./internal/stack/run -backend $(or $(BACKEND),aws)

demo-aws: functions emulators ## show the main job done by the functions, on emulators of AWS
	@go run ./internal/stack/run -demo

# All functions for this machine, where start-api and invoke look for them.
functions: $(addprefix functions/,$(notdir $(wildcard functions/*)))
functions/%: FORCE
	@CGO_ENABLED=0 go build $(call function-flags,$*) -o .cache/functions/$*/bootstrap ./functions/$*

##@ Work on it
.PHONY: test race check fmt openapi emulators sam-check bench bench-full bench-lambda soak fuzz
test: emulators sam-cli mns-sdk ## run all tests; no preparation needed
	go test -timeout 30m ./...
	go -C internal/compat test -count=1 ./... # go does not see that the binary has changed

# Where Python or Java with Maven is missing, make test goes on without.
emulators: ## set up DynamoDB Local and moto server, which tests run against, in .cache/emulators
	@$(call set-up,emulators/moto,python3,the tests against SQS and the like)
	@$(call set-up,emulators/dynamodb-local,java mvn,the tests against DynamoDB)

sam-check: sam-cli ## check template.yaml, build as `sam build` does, and check what comes of both
	go test -v ./internal/sam

.PHONY: sam-cli
sam-cli:
	@$(call set-up,sam,python3,the tests with the SAM CLI)

.PHONY: mns-sdk
mns-sdk: # Alibaba's, in .cache/mns-sdk
	@$(call set-up,mns-sdk,python3,the tests with the SDK of MNS)

define set-up
for tool in $(2); do \
  if ! command -v $$tool >/dev/null; then \
    echo "$$tool is not installed: $(3) are skipped" >&2; \
    test -z "$${TOCSIN_CI:-}" || exit 1; exit 0; \
  fi; \
done; $(MAKE) --silent --no-print-directory .cache/$(1)/.done
endef

.cache/emulators/moto/.done: internal/emulators/requirements.txt
	@echo "installing moto server"
	@$(venv)

.cache/sam/.done: internal/sam/requirements.txt
	@echo "installing the SAM CLI"
	@$(venv)

.cache/mns-sdk/.done: internal/compat/mns/requirements.txt
	@echo "installing the SDK of MNS"
	@$(venv)

# venv is what is made of a requirements.txt.
define venv
rm -rf $(@D) && python3 -m venv $(@D) && $(@D)/bin/pip install --quiet --disable-pip-version-check -r $< && touch $@
endef

.cache/emulators/dynamodb-local/.done: internal/emulators/pom.xml
	@echo "installing DynamoDB Local"
	@rm -rf $(@D)
	@mvn --batch-mode --quiet --file $< org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
	  -DoutputDirectory=$(CURDIR)/$(@D) -DincludeScope=runtime -Dstyle.color=never
	@touch $@

race: ## run all tests but the long ones with the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race -short -timeout 30m ./...

check: $(GOFUMPT) $(GOLANGCI_LINT) ## format, vet, lint and the tests of the house itself
	@unformatted=$$($(GOFUMPT) -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	  test -z "$$unformatted" || { echo "run make fmt; not formatted:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	go -C internal/compat vet ./...
	$(GOLANGCI_LINT) run ./...
	cd internal/compat && $(GOLANGCI_LINT) run ./...
	go mod verify
	go -C internal/compat mod verify
	go test ./internal/house

fmt: $(GOFUMPT) ## format all Go files
	$(GOFUMPT) -w $$(git ls-files --cached --others --exclude-standard '*.go')

openapi: ## write the OpenAPI document anew, after a change of operations or of package wire
	go test ./internal/openapi -update

bench: ## measure speed, memory and isolation beside raw baselines, in about eight minutes
	go run ./bench

bench-full: ## the same, and with a million subscriptions, in about eleven minutes
	go run ./bench -million

bench-lambda: functions emulators ## measure the cold starts of all functions beside one that does nothing
	@CGO_ENABLED=0 go build $(call function-flags,hello) -o .cache/functions/hello/bootstrap ./internal/coldstart/hello
	@go run ./internal/coldstart

soak: ## kill the service 200 times under load, and count what was lost; MINUTES (default 5)
	go run ./bench soak -minutes $(or $(MINUTES),5)

fuzz: ## let each fuzzer run for FUZZTIME (default 30s)
	@for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' shared internal cmd); do \
	  for name in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9]*).*/\1/p' $$f); do \
	    echo "$$name in ./$$(dirname $$f)"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(or $(FUZZTIME),30s) ./$$(dirname $$f); \
	  done; done

##@ Ship it
.PHONY: build rename clean
build: $(TOCSIN) $(addprefix build/,$(notdir $(wildcard functions/*))) ## build the binary, and every function into build/

# What `sam build` calls: build-PublishFunction builds functions/publish. A test lets
# the linker tell what it keeps, in the folder LINKED; it keeps the same without. Go would
# tell it again to who builds the same main next; with -gcflags this is another one.
build-%: folder = $(shell echo $(patsubst %Function,%,$*) | sed -E 's/([a-z])([A-Z])/\1-\2/g' | tr A-Z a-z)
build-%:
	@CGO_ENABLED=0 GOOS=linux GOARCH=$(subst x86_64,amd64,$(ARCHITECTURE)) go build $(call function-flags,$(folder)) $(if $(LINKED),-gcflags=-e -ldflags "-s -w -dumpdep") \
	  -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(folder) $(if $(LINKED),2>"$(LINKED)/$*")

.PHONY: build/%
build/%:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(subst x86_64,amd64,$(ARCHITECTURE)) go build $(call function-flags,$*) -o build/$*/bootstrap ./functions/$*

rename: ## give the module a public path: make rename MODULE=github.com/you/tocsin
	@test -n "$(MODULE)" || { echo "usage: make rename MODULE=github.com/you/tocsin" >&2; exit 2; }
	@old=$$(go list -m); go mod edit -module "$(MODULE)"; go -C internal/compat mod edit -module "$(MODULE)/internal/compat"; \
	  git ls-files '*.go' | xargs perl -pi -e "s{\"\Q$$old\E/}{\"$(MODULE)/}g"; \
	  gofmt -w $$(git ls-files '*.go'); go build ./...

clean: ## remove what was built; the data folder stays
	rm -rf .cache build .aws-sam

.PHONY: FORCE
$(TOCSIN): FORCE
	@CGO_ENABLED=0 go build -o $@ ./cmd/tocsin

$(GOLANGCI_LINT):
	@echo "installing golangci-lint; the first time takes some minutes"
	@GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(lastword $(subst -, ,$@))
	@mv $(TOOLS)/golangci-lint $@

$(GOFUMPT):
	@GOBIN=$(TOOLS) go install mvdan.cc/gofumpt@$(lastword $(subst -, ,$@))
	@mv $(TOOLS)/gofumpt $@

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z][a-z-]*:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST); echo
