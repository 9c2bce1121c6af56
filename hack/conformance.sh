#!/usr/bin/env bash
# Runs a crate's comparison with the real tool over a corpus: hack/conformance.sh kustomize DIR
set -euo pipefail
cd "$(dirname "$0")/.."

crate=$1
directory=${2:-}
if [ -z "$directory" ]; then
    echo "say which corpus: make conformance-$crate DIR=path" >&2
    exit 2
fi
shopt -s nullglob
scripts=(crates/"$crate"/conformance.*)
if [ ${#scripts[@]} -ne 1 ]; then
    echo "crates/$crate has no conformance script" >&2
    exit 2
fi
cargo build --quiet --package inhaul
target=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
PATH=$target/debug:$PATH exec "${scripts[0]}" "$directory"
