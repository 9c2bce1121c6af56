#!/usr/bin/env bash
# Every test, from nothing: builds what the tests need, runs them, and says where the time went. Arguments go to
# the test binaries; `--ignored` runs the long ones. The last line is `N passed, N failed, N skipped`.
set -euo pipefail
cd "$(dirname "$0")/.."
source hack/steps.sh

output=$(mktemp)
trap 'rm -f "$output"' EXIT

# Chained with &&: a step's function runs where errexit does not count.
build_programs() {
    INHAUL_GIT_SERVER=$(hack/build-go.sh tests/git-server) &&
        INHAUL_FAULT_PROXY=$(hack/build-go.sh tests/fault-proxy) &&
        INHAUL_DENY_EXEC=$(hack/build-go.sh tests/deny-exec) &&
        INHAUL_CONTROL_PLANE=$(hack/build-go.sh tests/control-plane) &&
        export INHAUL_GIT_SERVER INHAUL_FAULT_PROXY INHAUL_DENY_EXEC INHAUL_CONTROL_PLANE
}

# The tests of SSH talk to a real sshd. Where there is none, and root may install it, it is installed; elsewhere
# those tests say that they are skipped.
install_sshd() {
    [ -x /usr/sbin/sshd ] && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssh-server >/dev/null && return
    fi
    echo "(no sshd here: the tests of SSH are skipped)"
}

# With all targets, so that `cargo test` finds every dependency built with the features that it wants.
build_inhaul() {
    cargo build --workspace --all-targets &&
        INHAUL_BIN=$(cargo_target_directory)/debug/inhaul &&
        export INHAUL_BIN
}

cargo_target_directory() {
    cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}

# RUST_TEST_THREADS is above the number of cores for the behaviour tests' sake: they wait for the operator.
run_tests() {
    RUST_TEST_THREADS=${BEHAVIOUR_THREADS:-12} \
        cargo test --workspace --no-fail-fast -- "$@" 2>&1 | tee "$output"
}

report_test_binaries() {
    echo "== time in each test binary"
    awk '/^ *(Running|Doc-tests) / { name = $NF; gsub(/.*\/|-[0-9a-f]+\)$/, "", name); if (/Doc-tests/) name = name " (documentation)" }
         /^test result:/ { seconds = $NF; sub(/s$/, "", seconds); if (seconds >= 1) printf "%8.1f s  %s\n", seconds, name }' "$output" |
        sort -rn
}

# The sum over all test binaries. One that ended without a result (a crash, a failed build) counts as a failure.
report_totals() {
    awk -v failed_run="$1" '
        /^test result:/ { passed += $4; failed += $6; skipped += $8 }
        END {
            if (failed_run && failed == 0) failed = 1
            printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        }' "$output"
}

code=0
{ step "sshd" install_sshd &&
    step "git server, fault proxy, control plane" build_programs &&
    step "build" build_inhaul &&
    step "tests" run_tests "$@"; } || code=1
report_test_binaries
report_steps
report_totals "$code"
exit "$code"
