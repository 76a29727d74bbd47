# Ringmaster: see README.md. Every target runs from a fresh clone.
GO      ?= go
BUILD   := build
export CGO_ENABLED := 0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 10s
SEEDS    ?= 1000
# Tests, and what they build, do without the profile (see profile below), or all would be
# compiled twice.
TEST := env GOFLAGS="$(GOFLAGS) -pgo=off" $(GO) test
# Where tests with the tag interop are: the scenarios, and what is compared with
# the reference's programs alone.
INTEROP_PACKAGES ?= ./interop-tests/... ./internal/corosyncconf ./internal/cli/cmapctl ./dist/pacemaker/agents
# Those that want the machine for themselves: time counts in them.
TIMED := ring quorum robust
# Those that only compute.
COMPARING := cib cibschema pacemaker-tools scheduler

.PHONY: all test corpus race lint fuzz sim sim-cluster stage interop bench-ring bench-scheduler bench-cib bench-cluster bench-exec profile clean

all:
	$(GO) build -trimpath -buildvcs=false -o $(BUILD)/ringmaster ./cmd/ringmaster

# Neither root nor network (Go modules aside) is needed.
test:
	$(TEST) ./...

# The reference's regression tests of the scheduler, and our explanations of them. They
# are not part of the tree:
# RINGMASTER_CORPUS, or ../shared/cts-scheduler.
corpus:
	$(GO) test -count=1 -v -run 'TestCorpus|TestExplain' ./pengine/corpus

# The race detector is the one thing that needs cgo. totem's invariants are
# checked after every step; of the simulators, which have one goroutine, a few
# seeds do.
race:
	CGO_ENABLED=1 $(TEST) -race -short -tags invariants ./...

lint:
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not gofmt-clean:"; echo "$$bad"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags interop ./...
	$(GO) vet -tags invariants ./totem/srp/...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(STATICCHECK) -tags interop $(INTEROP_PACKAGES)

# Every fuzzer in turn, FUZZTIME each. Little of that may go into making inputs
# smaller; and when the time is up in the middle of an input, go test calls that
# a failure ("context deadline exceeded"), though none was found.
fuzz:
	@mkdir -p $(BUILD); for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "== $$p $$f"; \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$p 2>&1 | tee $(BUILD)/fuzz.log; \
	    grep -q -e '^ok' -e '^ *context deadline exceeded$$' $(BUILD)/fuzz.log || exit 1; \
	    if grep -q 'Failing input' $(BUILD)/fuzz.log; then exit 1; fi; \
	  done; done

sim:
	$(GO) run ./totem/sim/cmd/sim -seeds $(SEEDS)

# Whole clusters of Pacemaker's daemons.
sim-cluster:
	$(GO) run ./crmd/sim/cmd/sim-cluster -seeds $(SEEDS)

# Our programs as they are installed, for the test hosts.
stage:
	$(MAKE) install-bin DESTDIR=$(CURDIR)/$(BUILD)/stage

# Needs root; installs its peers from Debian's packages. Scenarios go two at a time, for most of
# what happens on the lab's hosts is waiting; what only computes takes what they leave. Where
# time counts, one goes alone.
INTEROP = $(TEST) -tags interop -count=1 -timeout 30m $(INTEROP_FLAGS)
interop: stage
	interop-tests/install-peers
	@all=$$($(GO) list -tags interop $(INTEROP_PACKAGES)); \
	those() { echo "$$all" | grep "$$@" || true; }; \
	alone=$$(those $(TIMED:%=-e '/interop-tests/%$$')); \
	comparing=$$(those $(COMPARING:%=-e '/interop-tests/%$$')); \
	others=$$(those -v $(TIMED:%=-e '/interop-tests/%$$') $(COMPARING:%=-e '/interop-tests/%$$')); \
	set -x; failed=; \
	[ -z "$$comparing" ] || nice -n 19 $(INTEROP) -p 1 $$comparing & \
	[ -z "$$others" ] || $(INTEROP) -p 2 $$others || failed=1; \
	wait $$! || failed=1; \
	[ -z "$$alone" ] || $(INTEROP) -p 1 $$alone || failed=1; \
	[ -z "$$failed" ]

bench-ring: stage
	interop-tests/install-peers
	$(GO) run ./interop-tests/cmd/bench-ring

# The profile by which the compiler inlines and lays out the programs, of the scheduler and
# of what daemons do most. Worth making anew, on a quiet machine, when these have changed
# much. A path of this machine in it is made illegible.
PROFILE := $(BUILD)/profile
profile:
	rm -rf $(PROFILE); mkdir -p $(PROFILE)
	of() { GOGC=800 $(GO) test -trimpath -run '^$$' -bench "$$2" -benchtime $$3 -cpuprofile $(PROFILE)/$$(basename $$1).pb -o $(PROFILE)/bench.test $$1; }; \
	  set -ex; \
	  of ./internal/cli/crmsimulate 'Transition/^(8x200|16x500|32x1000)$$/' 12x; \
	  of ./cib/manager 'Manager/.*/1MB' 100x; \
	  of ./totem/srp TokenVisit 1s; \
	  of ./cpg/engine Mcast 5000x; \
	  of ./internal/qb/ringbuffer WriteRead 20000x
	$(GO) tool pprof -proto $(PROFILE)/*.pb >$(PROFILE)/merged
	gunzip -c <$(PROFILE)/merged | perl -0777 -pe 's{/[\x21-\x7e]*?/bench\.test}{"x" x length $$&}ge' | gzip -9n >cmd/ringmaster/default.pgo

bench-scheduler: stage
	interop-tests/install-peers
	$(GO) run ./interop-tests/cmd/bench-scheduler

bench-cib: stage
	interop-tests/install-peers
	CGO_ENABLED=0 $(GO) run ./interop-tests/cmd/bench-cib

bench-exec: stage
	interop-tests/install-peers
	CGO_ENABLED=0 $(GO) run ./interop-tests/cmd/bench-exec

bench-cluster: stage
	interop-tests/install-peers
	$(GO) run ./interop-tests/cmd/bench-cluster

clean:
	rm -rf $(BUILD)

include dist/install.mk
include dist/debian/deb.mk
