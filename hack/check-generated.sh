#!/usr/bin/env bash
# Generated files are what their generator makes now.
set -euo pipefail
cd "$(dirname "$0")/.."

# FILE COMMAND...: the file is the command's output.
check() {
    local file=$1
    shift
    if ! diff -u "$file" <("$@"); then
        echo "generated: $file is not current; run: $* > $file" >&2
        return 1
    fi
}

failures=0
check config/crd/inhaul.yaml cargo run --quiet --package inhaul -- crds || failures=1
check deploy/install.yaml cargo run --quiet --package inhaul -- build config/default || failures=1
exit "$failures"
