#!/usr/bin/env bash
# A crate uses only crates above it, and what is pure stays so: no runtime, no network, no cluster.
set -euo pipefail
cd "$(dirname "$0")/.."

# From the top of the house down. A crate that is not in this list has no place yet.
layers=(yaml expression object tree template sops kustomize helm api render plan git oci bucket artifact cluster notify controller cli)
pure=(yaml expression object tree template sops kustomize helm render plan)
impure='^(tokio|reqwest|hyper|gix|kube|axum)( |$)'
# Each in one crate.
declare -A only=([gix]=git [cel]=expression [oci-client]=oci [object_store]=bucket)

declare -A floor
for i in "${!layers[@]}"; do floor[inhaul-${layers[$i]}]=$i; done
floor[inhaul]=${#layers[@]}

failures=0
fail() {
    echo "layers: $1" >&2
    failures=$((failures + 1))
}

check_dependency() {
    local crate=$1 dependency=$2
    if [[ $dependency == inhaul-* && ${floor[$dependency]:-99} -ge ${floor[$crate]} ]]; then
        fail "$crate uses $dependency, which is not above it"
    fi
    if [[ " ${pure[*]} " == *" ${crate#inhaul-} "* && $dependency =~ $impure ]]; then
        fail "$crate is pure and uses $dependency"
    fi
    if [[ -n ${only[$dependency]:-} && $crate != "inhaul-${only[$dependency]}" ]]; then
        fail "$crate uses $dependency, which belongs to inhaul-${only[$dependency]}"
    fi
}

# One line for each crate (depth 0) and each of its direct dependencies (depth 1).
tree=$(cargo tree --workspace --depth 1 --prefix depth --edges normal,build --format ' {p}')
while read -r depth package _; do
    if [ "$depth" = 0 ]; then
        crate=$package
        [[ $crate == inhaul-tests || -n ${floor[$crate]:-} ]] || fail "$crate has no place in hack/check-layers.sh"
    elif [ "$depth" = 1 ] && [ "$crate" != inhaul-tests ]; then
        check_dependency "$crate" "$package"
    fi
done <<<"$tree"
exit $((failures > 0))
