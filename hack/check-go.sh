#!/usr/bin/env bash
# Format and vet of the Go programs. The control plane is not vetted: that means to type-check Kubernetes for minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(gofmt -l tests/control-plane tests/git-server tests/fault-proxy tests/deny-exec)
if [ -n "$unformatted" ]; then
    echo "gofmt: $unformatted" >&2
    exit 1
fi
for program in tests/git-server tests/fault-proxy tests/deny-exec; do
    (cd "$program" && go vet ./...)
done
