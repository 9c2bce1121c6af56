#!/usr/bin/env bash
# Builds every kustomization root under a directory with the real tool and with ours, and shows each difference.
#
#   crates/kustomize/conformance.sh DIR [FLAG...]
#
# OURS is the command that stands for `kustomize build` (default: "inhaul build"); the flags go to both.
# The real tool is installed once, with `go install`, into the cache. Exit code 1 if anything differs.
set -euo pipefail

version=v5.8.2
cache="${INHAUL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/inhaul}"
real="$cache/bin/kustomize"
read -r -a ours <<<"${OURS:-inhaul build}"

if [ $# -lt 1 ] || [ ! -d "$1" ]; then
    echo "usage: $0 DIR [FLAG...]" >&2
    exit 2
fi
directory=$1
shift

if [ ! -x "$real" ] || ! "$real" version | grep -q "$version"; then
    mkdir -p "$cache/bin"
    GOBIN="$cache/bin" go install "sigs.k8s.io/kustomize/kustomize/v5@$version"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

same=0 refused=0 differ=0
while IFS= read -r root; do
    theirs_failed=0 ours_failed=0
    timeout 600 "$real" build "$root" "$@" >"$work/theirs" 2>"$work/theirs.error" || theirs_failed=1
    timeout 600 "${ours[@]}" "$root" "$@" >"$work/ours" 2>"$work/ours.error" || ours_failed=1
    if [ $theirs_failed = 1 ] && [ $ours_failed = 1 ]; then
        same=$((same + 1))
    elif [ $ours_failed = 1 ] && grep -qE 'is remote|enable-helm|external plugins' "$work/ours.error"; then
        # What is refused on purpose is counted apart; it is no difference of behaviour.
        refused=$((refused + 1))
        echo "refused  $root: $(tail -n 1 "$work/ours.error" | cut -c 1-200)"
    elif [ $theirs_failed = 0 ] && [ $ours_failed = 0 ] && cmp -s "$work/theirs" "$work/ours"; then
        same=$((same + 1))
    else
        differ=$((differ + 1))
        echo "differs  $root"
        if [ $theirs_failed != $ours_failed ]; then
            echo "  real: $(tail -n 1 "$work/theirs.error" | cut -c 1-400)"
            echo "  ours: $(tail -n 1 "$work/ours.error" | cut -c 1-400)"
        else
            diff -u "$work/theirs" "$work/ours" | head -n 20 | sed 's/^/  /' || true
        fi
    fi
done < <(find "$directory" -type f \( -name kustomization.yaml -o -name kustomization.yml -o -name Kustomization \) \
    -printf '%h\n' | sort -u)

echo "$same alike, $refused refused on purpose, $differ differ"
[ $differ = 0 ]
