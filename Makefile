# Ringmaster: see README.md. Every target runs from a fresh clone.
GO      ?= go
BUILD   := build
export CGO_ENABLED := 0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 10s
SEEDS    ?= 1000

.PHONY: all test race lint fuzz sim interop bench-ring install clean

all:
	$(GO) build -trimpath -o $(BUILD)/ringmaster ./cmd/ringmaster

# Neither root nor network (Go modules aside) is needed.
test:
	$(GO) test ./...

# The race detector is the one thing that needs cgo.
race:
	CGO_ENABLED=1 $(GO) test -race ./...

lint:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "not gofmt-clean:"; echo "$$bad"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags interop ./interop-tests/...
	$(GO) run $(STATICCHECK) ./...

# Every fuzzer in turn, FUZZTIME each.
fuzz:
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "== $$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
	  done; done

sim:
	$(GO) run ./totem/sim/cmd/sim -seeds $(SEEDS)

# Needs root; installs its peers from Debian's packages.
interop: all
	interop-tests/install-peers
	$(GO) test -tags interop -count=1 -timeout 40m $(INTEROP_FLAGS) ./interop-tests/...

bench-ring: all
	interop-tests/install-peers
	$(GO) run ./interop-tests/cmd/bench-ring

clean:
	rm -rf $(BUILD)

include dist/install.mk
