#!/usr/bin/env bash
# `make demo`: commits become cluster state, told on the terminal. Each step shows the command and its real output.
#
# EXIT=1             removes everything: a demo that was left running, or this one when it is told
# DEMO_KUBECONFIG=…  uses that cluster; no control plane is built
#
# All state is in .demo/ of the clone.
set -euo pipefail
cd "$(dirname "$0")/../.."
STATE=$PWD/.demo
source hack/cluster.sh
source hack/progress.sh
source examples/demo/story.sh

main() {
    if [ -n "${EXIT:-}" ] && [ -e "$STATE/processes" ]; then
        remove_demo
        echo "The demo is removed."
        return
    fi
    introduce
    build_programs
    remove_demo
    trap 'interrupted $?' EXIT
    start_everything
    tell_story
    trap - EXIT
    if [ -n "${EXIT:-}" ]; then
        remove_demo
        echo "The demo took $SECONDS s and is removed."
    else
        say_goodbye
    fi
}

introduce() {
    cat <<-TEXT
	inhaul: commits become cluster state.

	This demo builds inhaul, starts a Kubernetes control plane${DEMO_KUBECONFIG:+ (no: it uses $DEMO_KUBECONFIG)} and a Git server on loopback, and shows
	what the operator does with commits, with hand-made changes, and with mistakes. The first time it builds for up to
	25 minutes on 2 cores; once that is done it takes less than a minute.

	TEXT
}

build_programs() {
    echo "== building"
    if [ -z "${DEMO_KUBECONFIG:-}" ]; then
        control_plane=$(hack/build-go.sh tests/control-plane)
    fi
    git_server=$(hack/build-go.sh tests/git-server)
    with_progress "inhaul" cargo build --package inhaul
    inhaul=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/inhaul
}

start_everything() {
    mkdir -p "$STATE"
    touch "$STATE/processes"
    if [ -n "${DEMO_KUBECONFIG:-}" ]; then
        cp "$DEMO_KUBECONFIG" "$STATE/kubeconfig"
        refuse_a_cluster_with_flux
        touch "$STATE/foreign-cluster"
    else
        echo "== starting a control plane"
        start_control_plane "$control_plane"
    fi
    export KUBECONFIG=$STATE/kubeconfig
    start_git_server "$git_server"
    make_repository
    "$inhaul" crds >"$STATE/crds.yaml"
    kubectl apply --server-side -f "$STATE/crds.yaml" >/dev/null
    kubectl wait --for=condition=Established --timeout=30s -f "$STATE/crds.yaml" >/dev/null
    kubectl create namespace flux-system --dry-run=client -o yaml | kubectl apply --server-side -f - >/dev/null
    echo "== starting the operator"
    start_operator "$inhaul"
}

# Flux's controllers would work on the same objects.
refuse_a_cluster_with_flux() {
    local flux
    flux=$(kubectl --kubeconfig "$STATE/kubeconfig" get deployments -A -l app.kubernetes.io/part-of=flux -o name)
    if [ -n "$flux" ]; then
        echo "Flux runs in this cluster; the demo wants one without it." >&2
        return 1
    fi
}

# Stops what a demo started. In a cluster that is not ours, first removes what it brought.
remove_demo() {
    if [ -e "$STATE/foreign-cluster" ] && [ -e "$STATE/processes" ]; then
        echo "removing the demo from the cluster"
        export KUBECONFIG=$STATE/kubeconfig
        # The operator prunes what they brought, and then lets them go.
        kubectl --namespace flux-system delete kustomization staging production --ignore-not-found --timeout=60s || true
        kubectl --namespace flux-system delete gitrepository shop --ignore-not-found --timeout=60s || true
        kubectl delete -f "$STATE/crds.yaml" --ignore-not-found --timeout=60s || true
        kubectl delete namespace flux-system --ignore-not-found --wait=false || true
    fi
    stop_processes
    rm -rf "$STATE"
}

# The demo did not come to its end: its processes are stopped, its logs stay.
interrupted() {
    trap - EXIT
    stop_processes
    echo "The demo has failed or was interrupted; the logs are in $STATE." >&2
    exit "$1"
}

say_goodbye() {
    cat <<-TEXT

	That was all, in $SECONDS s. The cluster stays up; look around in it:

	    export KUBECONFIG=$STATE/kubeconfig; kubectl get gitrepositories,kustomizations -A

	Commits can be made in $STATE/work (git push takes them to the server).
	\`make demo EXIT=1\` removes everything.
	TEXT
}

main
