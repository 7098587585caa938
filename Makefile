# costscope: make help lists the targets.
SHELL   := /bin/sh
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME ?= 60s
export CGO_ENABLED = 0

.PHONY: build demo test lint bench fuzz help clean

build: ## build a static binary: bin/costscope
	go build -trimpath -ldflags '-s -w -X main.built=$(VERSION)' -o bin/costscope ./cmd/costscope

demo: build ## build, write the demo trace and explore it
	bin/costscope sample --demo -o bin/demo.jsonl
	bin/costscope open bin/demo.jsonl --store bin/demo.db

test: ## run all tests
	go test -timeout 30m ./...

lint: ## gofmt, vet, staticcheck, and the arrows between the packages
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); [ -z "$$bad" ] || { echo "gofmt differs: $$bad"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go test -count=1 -run '^(TestImportArrows|TestTopLevel|TestReadme)' ./cmd/costscope

bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## run each fuzz test for FUZZTIME (60s)
	@for pkg in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg || exit 1; \
	  done; \
	done

clean: ## remove what was built
	rm -rf bin

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-7s %s\n", $$1, $$2}' Makefile
