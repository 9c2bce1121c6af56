# The only list of commands; `make` prints it. What a command does is in the script that it names.

.DEFAULT_GOAL := help
.PHONY: help demo test lint format clippy structure generated bench fuzz soak install build conformance-kustomize differential-kustomize conformance-helm

# The behaviour tests mostly wait: many of them run at a time.
BEHAVIOUR_THREADS ?= 12

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Watch commits become cluster state (EXIT=1 removes it; KUBECONFIG=path uses your cluster)
	@EXIT='$(EXIT)' DEMO_KUBECONFIG='$(if $(filter command line,$(origin KUBECONFIG)),$(KUBECONFIG))' examples/demo/demo.sh

test: ## Run every test, from nothing, against a real API server
	@BEHAVIOUR_THREADS=$(BEHAVIOUR_THREADS) hack/test.sh

lint: format clippy structure generated ## Check format, lints, layers, file lengths and generated files

format:
	cargo fmt --all --check
	hack/check-go.sh

clippy:
	cargo clippy --workspace --all-targets -- -D warnings

structure:
	hack/check-layers.sh
	hack/check-lengths.sh
	hack/check-tls.sh

generated: ## Check that generated files are current
	@hack/check-generated.sh

bench: ## Measure a release build: sizes, memory, rendering, and what the operator costs (CASES=drift chooses)
	@code=0; hack/bench.sh || code=1; hack/bench-operator.sh $(CASES) || code=1; exit $$code

fuzz: ## Run every fuzz target for a minute (SECONDS_EACH=60, TARGETS=...)
	@SECONDS_EACH=$(or $(SECONDS_EACH),60) hack/fuzz.sh $(TARGETS)

soak: ## Run the long tests
	@BEHAVIOUR_THREADS=$(BEHAVIOUR_THREADS) hack/test.sh --ignored

build: ## Build inhaul for release
	cargo build --release --package inhaul

install: ## Put inhaul on the PATH
	cargo install --locked --path crates/inhaul

conformance-kustomize: ## Compare rendering with the kustomize binary (DIR=corpus)
	@hack/conformance.sh kustomize '$(DIR)'

differential-kustomize: ## Compare random kustomizations with the kustomize binary (CASES=1000)
	@hack/differential.sh --cases '$(or $(CASES),1000)'

conformance-helm: ## Compare rendering with the helm binary (DIR=corpus)
	@hack/conformance.sh helm '$(DIR)'
