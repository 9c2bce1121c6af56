#!/usr/bin/env bash
# Runs every fuzz target, or those that are named, for SECONDS_EACH (60) with bounds on memory and on
# the time of one input. Needs the nightly toolchain; cargo-fuzz is installed where it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list)
for target in "${targets[@]}"; do
    echo "== $target"
    mkdir -p "fuzz/corpus/$target"
    cargo +nightly fuzz run "$target" -- -max_total_time="${SECONDS_EACH:-60}" -timeout=10 \
        -rss_limit_mb=1024 -max_len=4096 -dict=fuzz/words.dict -print_final_stats=1
done
