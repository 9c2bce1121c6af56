#!/usr/bin/env bash
# What the operator costs: starts a control plane and a git server and runs tests/bench on them. Arguments choose
# cases. The operator of each case is the release build; BENCH_FLAGS adds flags to it.
set -euo pipefail
cd "$(dirname "$0")/.."
source hack/cluster.sh

target=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
STATE=$target/bench-operator
export BENCH_STATE=$STATE BENCH_REPOSITORIES=$STATE/repositories INHAUL_BIN=${INHAUL_BIN:-$target/release/inhaul}

[ "$INHAUL_BIN" != "$target/release/inhaul" ] || cargo build --release --package inhaul
cargo bench --package inhaul-tests --bench operator --no-run
stop_processes
rm -rf "$STATE"
mkdir -p "$STATE"
touch "$STATE/processes"
trap stop_processes EXIT
start_control_plane "$(hack/build-go.sh tests/control-plane)"
export KUBECONFIG=$STATE/kubeconfig
start_git_server "$(hack/build-go.sh tests/git-server)"
export BENCH_GIT_URL=$GIT_URL
"$INHAUL_BIN" crds | kubectl apply --server-side -f - >/dev/null
kubectl wait --for=condition=Established --timeout=30s crd --all >/dev/null
cargo bench --quiet --package inhaul-tests --bench operator -- "$@"
