#!/usr/bin/env bash
# Builds one of the Go programs that tests use, once for each state of its sources, and prints the binary's path:
#     hack/build-go.sh tests/control-plane
# Binaries are cached outside the clone, in ${INHAUL_CACHE:-~/.cache/inhaul}, by the hash of the sources.
set -euo pipefail

directory=$(cd "$1" && pwd)
name=$(basename "$directory")
cache=${INHAUL_CACHE:-$HOME/.cache/inhaul}
source "$(dirname "$0")/progress.sh"

sources_hash() {
    (cd "$directory" &&
        find . -type f \( -name '*.go' -o -name 'go.*' -o -name build.sh \) ! -name '*_test.go' | LC_ALL=C sort |
        while read -r file; do printf '%s\n' "$file"; cat "$file"; done | git hash-object --stdin | cut -c1-16)
}

build() {
    if [ -x "$directory/build.sh" ]; then
        "$directory/build.sh" "$1"
    else
        (cd "$directory" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1" .)
    fi
}

binary=$cache/$name-$(sources_hash)
if [ ! -x "$binary" ]; then
    mkdir -p "$cache"
    case $name in
    control-plane) echo "$name: building, once; from nothing this takes about 8 minutes on 2 cores" >&2 ;;
    *) echo "$name: building, once" >&2 ;;
    esac
    partial=$binary.$$
    trap 'rm -f "$partial"' EXIT
    with_progress "$name" build "$partial" >&2
    mv "$partial" "$binary"
fi
echo "$binary"
