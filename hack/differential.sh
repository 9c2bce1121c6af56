#!/usr/bin/env bash
# Builds random trees with the real kustomize and with ours; arguments go to the comparison.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${INHAUL_CACHE:-$HOME/.cache/inhaul}/bin
[ -x "$bin/kustomize" ] || GOBIN=$bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2
cargo build --quiet --package inhaul
target=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
KUSTOMIZE=$bin/kustomize INHAUL=$target/debug/inhaul exec crates/kustomize/differential.py "$@"
