#!/usr/bin/env bash
# One TLS stack: rustls with aws-lc. No OpenSSL, no other provider.
set -euo pipefail
cd "$(dirname "$0")/.."

others=$(cargo tree --package inhaul --edges normal,build --prefix none --format '{p}' |
    awk '$1 ~ /^(openssl|openssl-sys|native-tls|ring|boring|mbedtls|schannel|security-framework)$/ { print $1 }' | sort -u)
if [ -n "$others" ]; then
    echo "tls: inhaul must use rustls with aws-lc only, but it builds: $others" >&2
    exit 1
fi
