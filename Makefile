# Rongxin: everything is built, shown and tested from here.  `make help`.

BUILD ?= release
B := build/$(BUILD)

CC_release := gcc
CC_debug := gcc
CC_asan := clang
CC_tsan := clang
CC_fuzz := clang
CC_cover := gcc
CC := $(CC_$(BUILD))

FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
FLAGS_debug := -O0 -g3 -fPIE
FLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
FLAGS_fuzz := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
FLAGS_cover := -O0 -g --coverage
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
LDFLAGS_debug := -pie
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_fuzz := -fsanitize=address,undefined
LDFLAGS_cover := --coverage

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wconversion -Wformat=2 -Wvla
CFLAGS := -std=c11 -D_GNU_SOURCE -pthread $(FLAGS_$(BUILD)) $(WARNINGS) $(WERROR)
PANGO := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I pangocairo 2>/dev/null))
CPPFLAGS := -Ilib -I. -isystem $(B)/gen -isystem /usr/share/include/llhttp \
	-isystem /usr/include/postgresql $(PANGO) -MMD -MP
LDFLAGS := -pthread $(LDFLAGS_$(BUILD))

LIBS := -lzmq -lprotobuf-c -lnghttp2 -luv -lssl -lcrypto -lzstd -lz -ljansson -lm
LIBS_hub := -lpq -lcurl
LIBS_node := -lrocksdb -lpangocairo-1.0 -lpango-1.0 -lgobject-2.0 -lcairo -lfontconfig -lcurl
LIBS_cli := -lcurl

PROTO := $(wildcard proto/*.proto)
LIB := $(wildcard lib/base/*.c) $(wildcard lib/credit/*.c) $(wildcard lib/wire/*.c)
HUB := $(wildcard hub/*.c)
NODE := $(wildcard node/*.c)
CLI := $(wildcard cli/*.c)
UNIT := $(wildcard tests/unit/test_*.c)
FUZZ := $(wildcard tests/fuzz/fuzz_*.c)

GEN_C := $(PROTO:proto/%.proto=$(B)/gen/%.pb-c.c)
GEN_O := $(GEN_C:.c=.o)
LLHTTP_O := $(B)/llhttp/api.o $(B)/llhttp/http.o $(B)/llhttp/llhttp.o
LIB_O := $(LIB:%.c=$(B)/%.o)
HUB_O := $(HUB:%.c=$(B)/%.o)
NODE_O := $(NODE:%.c=$(B)/%.o)
CLI_O := $(CLI:%.c=$(B)/%.o)
UNIT_BIN := $(UNIT:tests/unit/%.c=$(B)/unit/%)
FUZZ_BIN := $(FUZZ:tests/fuzz/%.c=$(B)/fuzz/%)

JOBS := $(shell nproc)
# Debian's python3, which has pytest; another one may come first in PATH.
PYTHON := /usr/bin/python3
# Tests mostly wait: files of tests run beside each other.
WORKERS ?= 5
PYTEST = $(PYTHON) -m pytest -q -p no:cacheprovider -rs -n $(WORKERS) --dist loadfile
T ?= 60

.PHONY: all programs help demo up down check unit fuzz-replay lint asan tsan fuzz bench weather clean
all: programs pages
	@ln -sf $(BUILD)/rongxin-hub $(BUILD)/rongxin-node $(BUILD)/rongxin build/

# The console's pages, and what they take from npm: pinned by
# console/package-lock.json, fetched once.  Without it (no npm, no network) the
# console shows its tables and says that charts are missing; `make charts`
# tries again.
PAGES := $(shell find console -type f ! -name 'package*.json' ! -name '*.md')
CHARTS := build/console/vendor/echarts.js
.PHONY: pages charts
pages: build/console/.copied build/.charts-tried

build/console/.copied: $(PAGES)
	@mkdir -p build/console
	@cd console && cp --parents $(PAGES:console/%=%) ../build/console/
	@touch $@

build/.charts-tried: console/package-lock.json
	@$(MAKE) --no-print-directory -s charts || echo "console: charts are missing for want of npm or its registry; 'make charts' tries again"
	@mkdir -p build && touch $@

charts: $(CHARTS)
$(CHARTS): console/package-lock.json
	@command -v npm >/dev/null || deploy/install-deps.sh pages
	@mkdir -p build/npm build/console/vendor
	@cp console/package.json console/package-lock.json build/npm/
	@cd build/npm && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --loglevel=error
	@cp build/npm/node_modules/echarts/LICENSE build/console/vendor/echarts.LICENSE
	@cp build/npm/node_modules/echarts/dist/echarts.esm.min.js $@.new && mv $@.new $@

programs: $(B)/rongxin-hub $(B)/rongxin-node $(B)/rongxin

$(B)/rongxin-hub: $(HUB_O) $(B)/librongxin.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_hub) $(LIBS)

$(B)/rongxin-node: $(NODE_O) $(B)/librongxin.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_node) $(LIBS)

$(B)/rongxin: $(CLI_O) $(B)/librongxin.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_cli) $(LIBS)

$(B)/librongxin.a: $(LIB_O) $(GEN_O) $(LLHTTP_O)
	@rm -f $@
	ar rcs $@ $^

$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h: proto/%.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=proto --c_out=$(B)/gen $<

$(B)/gen/%.pb-c.o: $(B)/gen/%.pb-c.c
	$(CC) -std=c11 -w $(FLAGS_$(BUILD)) -I$(B)/gen -c -o $@ $<

$(B)/llhttp/%.o: /usr/share/llhttp/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -w $(FLAGS_$(BUILD)) -I/usr/share/include/llhttp -c -o $@ $<

$(B)/%.o: %.c $(GEN_C)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# These have files of docs/api/ in them.
$(B)/lib/wire/manual.o: docs/api/index.html docs/api/manual.js docs/api/manual.css
$(B)/hub/endpoints_watch.o: docs/api/hub.json
$(B)/node/endpoints.o: docs/api/node.json

# A unit test is one cmocka program; test_hub_x and test_node_x also get the
# objects of their program but its main.
$(B)/unit/test_hub_%: $(B)/tests/unit/test_hub_%.o $(filter-out %/main.o,$(HUB_O)) $(B)/librongxin.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS_hub) $(LIBS)

$(B)/unit/test_node_%: $(B)/tests/unit/test_node_%.o $(filter-out %/main.o,$(NODE_O)) $(B)/librongxin.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS_node) $(LIBS)

$(B)/unit/test_%: $(B)/tests/unit/test_%.o $(B)/librongxin.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

# A fuzz target: with BUILD=fuzz under libFuzzer, otherwise with a main that
# replays its corpus.
ifeq ($(BUILD),fuzz)
FUZZ_MAIN :=
FUZZ_LINK := -fsanitize=fuzzer
else
FUZZ_MAIN := $(B)/tests/fuzz/replay.o
FUZZ_LINK :=
endif
$(B)/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(FUZZ_MAIN) $(B)/librongxin.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(FUZZ_LINK) -o $@ $^ $(LIBS)

unit: $(UNIT_BIN)
	@tests/unit/run $(UNIT_BIN)

fuzz-replay: $(FUZZ_BIN)
	@tests/fuzz/run $(FUZZ_BIN)

# The same network that `up` leaves running, shown step by step and stopped.
demo: deps-run
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@deploy/demo.sh

up: deps-run
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@deploy/demo.sh up

down:
	@deploy/demo.sh down

.PHONY: deps-run deps-test deps-bench deps-deb
deps-run:
	@deploy/install-deps.sh run
deps-test:
	@deploy/install-deps.sh test
deps-deb:
	@deploy/install-deps.sh deb
deps-bench:
	@deploy/install-deps.sh bench

# Everything that must hold: README's second command.
check: deps-test
	@$(MAKE) --no-print-directory -s -j$(JOBS) WERROR=-Werror all
	@$(MAKE) --no-print-directory -s -j$(JOBS) lint
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=asan WERROR=-Werror unit fuzz-replay
	@RX_BIN=$(CURDIR)/build/release $(PYTEST) tests/integration tests/scenario

# The same tests with every program under a sanitizer; tests/conftest.py fails
# a file when any process of it was reported.  ThreadSanitizer does not see how
# the libraries, which are not built with it, order their own memory, so it
# leaves out what they touch.  Nothing of ours is suppressed: our threads meet
# in work.c and shared.c, which it sees whole.
# Clang 14 cannot place its shadow under the widest address randomisation.
STILL := $(shell setarch -R true 2>/dev/null && echo setarch -R)
export ASAN_OPTIONS ?= detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS ?= print_stacktrace=1
export TSAN_OPTIONS ?= ignore_noninstrumented_modules=1:second_deadlock_stack=1
asan tsan: export RX_CRASH_ROWS := 20000
asan tsan: WORKERS := 3
asan tsan: deps-test
	@$(STILL) $(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$@ programs pages unit fuzz-replay
	@RX_BIN=$(CURDIR)/build/$@ $(STILL) $(PYTEST) tests/integration tests/scenario

fuzz: deps-test
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=fuzz fuzz-targets
	@tests/fuzz/hunt $(T) $(patsubst %,build/fuzz/fuzz/%,$(basename $(notdir $(FUZZ))))

.PHONY: fuzz-targets
fuzz-targets: $(FUZZ_BIN)

bench: deps-bench
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@$(PYTHON) tests/bench/run.py

SEED ?= 1
MINUTES ?= 5
weather: deps-test
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@$(PYTHON) tests/scenario/weather.py $(SEED) $$(($(MINUTES) * 60))

# A country on this machine: look at the console, Ctrl-C ends it.
.PHONY: country
country: deps-test
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@$(PYTHON) tests/scenario/country.py $(MINUTES)

.PHONY: images
images: deps-test
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@mkdir -p docs/img && $(PYTHON) tests/scenario/country.py images docs/img

.PHONY: lint-format lint-words lint-tidy lint-cppcheck lint-shell
lint: lint-format lint-words lint-tidy lint-cppcheck lint-shell
SOURCES = $(wildcard lib/*/*.[ch] hub/*.[ch] node/*.[ch] cli/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch] tests/bench/*.c)
lint-format: deps-test
	@clang-format --dry-run -Werror $(SOURCES) && echo "format: $(words $(SOURCES)) files"
lint-words: deps-test all
	@for rule in rooms path settings openapi runbook; do $(PYTHON) tests/lint/$$rule.py || exit 1; done
TIDY := $(patsubst %.c,$(B)/tidy/%.ok,$(LIB) $(HUB) $(NODE) $(CLI))
lint-tidy: deps-test $(TIDY)
	@echo "clang-tidy: $(words $(TIDY)) files"
# Again only when the object was made again, so that a second run is quick.
$(B)/tidy/%.ok: $(B)/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $*.c -- -std=c11 $(CPPFLAGS_TIDY) 2>/dev/null
	@touch $@
CPPFLAGS_TIDY = -D_GNU_SOURCE $(filter-out -MMD -MP,$(CPPFLAGS))
lint-cppcheck: deps-test
	@mkdir -p build/cppcheck
	@cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -D_GNU_SOURCE -j $(JOBS) \
		--cppcheck-build-dir=build/cppcheck --enable=warning,portability \
		--suppress=missingIncludeSystem -Ilib -I. lib hub node cli && echo "cppcheck: clean"
lint-shell: deps-test
	@shellcheck deploy/*.sh deploy/deb/build.sh deploy/deb/p*inst deploy/deb/p*rm tests/unit/run tests/fuzz/run tests/fuzz/hunt .ci/run && echo "shellcheck: clean"

# Debian packages in build/deb, and how far systemd locks the daemons in.
.PHONY: deb units
deb: deps-deb
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@deploy/deb/build.sh build/release build/deb
	@! command -v systemd-analyze >/dev/null || $(MAKE) --no-print-directory -s units | grep Overall

units:
	@for unit in hub node; do systemd-analyze security --offline=yes --no-pager deploy/systemd/rongxin-$$unit.service; done

help:
	@echo "make           build/rongxin-hub, build/rongxin-node, build/rongxin"
	@echo "make demo      the whole network on this machine, shown and stopped (FEED=file.csv)"
	@echo "make check     all tests"
	@echo "make up/down   the same network, left running; run/env.sh says where"
	@echo "make country   31 provinces and 100 cities here, to look at the console (MINUTES=5)"
	@echo "make deb       Debian packages in build/deb; make units: how far systemd locks the daemons in"
	@echo "make charts    the console's charts from npm, once more"
	@echo "make lint unit asan tsan fuzz bench weather clean: see CONTRIBUTING.md"

clean:
	rm -rf build

.SECONDARY:
-include $(LIB_O:.o=.d) $(HUB_O:.o=.d) $(NODE_O:.o=.d) $(CLI_O:.o=.d)
-include $(UNIT:%.c=$(B)/%.d) $(FUZZ:%.c=$(B)/%.d)
