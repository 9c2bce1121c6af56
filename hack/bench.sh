#!/usr/bin/env bash
# Sizes, memory and the TLS stack of a release build, and its rendering against the real kustomize, each with its
# limit. Fails when a limit is passed.
set -euo pipefail
cd "$(dirname "$0")/.."
source hack/cluster.sh

target=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
STATE=$target/bench
failures=0

# report WHAT VALUE LIMIT UNIT
report() {
    local verdict=ok
    if [ "$2" -ge "$3" ]; then
        verdict="too much"
        failures=$((failures + 1))
    fi
    printf '%-45s %6d %s (limit %d): %s\n' "$1" "$2" "$4" "$3" "$verdict"
}

start_small_app() {
    start_control_plane "$(hack/build-go.sh tests/control-plane)"
    export KUBECONFIG=$STATE/kubeconfig
    start_git_server "$(hack/build-go.sh tests/git-server)"
    local work=$STATE/work
    export GIT_CONFIG_GLOBAL=/dev/null
    git init --quiet --bare --initial-branch=main "$STATE/repositories/shop.git"
    cp -R examples/demo/repository "$work"
    git -C "$work" init --quiet --initial-branch=main
    git -C "$work" add --all
    git -C "$work" -c user.name=Bench -c user.email=bench@example.com commit --quiet --message "Open the shop"
    git -C "$work" push --quiet "$STATE/repositories/shop.git" main
    "$target/release/inhaul" crds | kubectl apply --server-side -f - >/dev/null
    kubectl wait --for=condition=Established --timeout=30s crd --all >/dev/null
    kubectl create namespace flux-system >/dev/null
    start_operator "$target/release/inhaul"
    sed "s|\${REPOSITORY_URL}|$GIT_URL/shop.git|" examples/demo/gitops.yaml | kubectl apply -f - >/dev/null
    kubectl --namespace flux-system wait --for=condition=Ready --timeout=60s kustomizations --all >/dev/null
}

# 200 MB of history and 20,000 files, with the default deadline.
fetch_large_repository() {
    local start
    "$(hack/build-go.sh tests/git-server)" --generate-large "$STATE/repositories/large.git"
    kubectl apply -f - >/dev/null <<-OBJECT
	apiVersion: source.toolkit.fluxcd.io/v1
	kind: GitRepository
	metadata: {name: large, namespace: flux-system}
	spec: {url: $GIT_URL/large.git, ref: {branch: main}, interval: 10m}
	OBJECT
    start=$SECONDS
    kubectl --namespace flux-system wait --for=condition=Ready --timeout=70s gitrepository/large >/dev/null
    report "fetch of 200 MB history, 20,000 files" "$((SECONDS - start))" 60 s
    report "memory, at most, with that repository" "$(memory_of_operator VmHWM)" 150 MiB
}

# memory_of_operator FIELD: VmRSS now, VmHWM at most, in MiB.
memory_of_operator() {
    local pid
    pid=$(awk '/\/inhaul$/ { print $1 }' "$STATE/processes")
    awk -v field="$1:" '$1 == field { print int($2 / 1024) }' "/proc/$pid/status"
}

# Rendering, against the real kustomize on the same inputs.
compare_with_kustomize() {
    local corpus=${INHAUL_CORPUS:-../shared/corpus} bin=${INHAUL_CACHE:-$HOME/.cache/inhaul}/bin
    if [ ! -d "$corpus/realworld" ]; then
        echo "(no corpus at $corpus: rendering is not compared)"
        return
    fi
    report "small overlay, as a library call" "$(cargo run --quiet --release --package inhaul-kustomize \
        --example library "$corpus/realworld/repos/stefanprodan+podinfo/kustomize")" 1000 us
    [ -x "$bin/kustomize" ] || GOBIN=$bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2
    hack/bench-kustomize.py "$target/release/inhaul" "$bin/kustomize" "$corpus" ||
        echo "(not every aim of rendering is reached yet; that fails nothing)"
}

cargo build --release --package inhaul
report "release binary" "$(($(wc -c <"$target/release/inhaul") / 1000000))" 40 MB
hack/check-tls.sh && printf '%-45s %s\n' "TLS stacks" "rustls with aws-lc, no other: ok"

stop_processes
rm -rf "$STATE"
mkdir -p "$STATE"
touch "$STATE/processes"
trap stop_processes EXIT
start_small_app
echo "(idle for 20 s)"
sleep 20
report "memory, idle with one small app" "$(memory_of_operator VmRSS)" 40 MiB
printf '%-45s %6d MiB\n' "memory, at most until then" "$(memory_of_operator VmHWM)"
fetch_large_repository
compare_with_kustomize
exit $((failures > 0))
