#!/usr/bin/env bash
# No source file is longer than 500 lines, but the tables that hack/tables.txt lists.
set -euo pipefail
cd "$(dirname "$0")/.."

limit=500
failures=0
while read -r file; do
    lines=$(wc -l <"$file")
    if [ "$lines" -gt "$limit" ] && ! grep -qxF "$file" hack/tables.txt; then
        echo "lengths: $file has $lines lines, the limit is $limit" >&2
        failures=1
    fi
done < <(git ls-files '*.rs' '*.go' '*.sh')
while read -r file; do
    [ -e "$file" ] || { echo "lengths: hack/tables.txt names $file, which is not there" >&2; failures=1; }
done <hack/tables.txt
exit "$failures"
