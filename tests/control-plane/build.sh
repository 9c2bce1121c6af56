#!/bin/sh
# Builds the control plane to $1. The version is what the API server reports.
set -eu
cd "$(dirname "$0")"
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${version#v1.}
minor=${minor%%.*}
package=k8s.io/component-base/version
CGO_ENABLED=0 go build -trimpath -o "$1" \
    -ldflags "-s -w -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor" .
