#!/usr/bin/env bash
# Resolves requirements.lock anew: every package with its hashes, for Python 3.11 and
# later on Linux and macOS, without any address in it. Arguments go to uv, for
# example `--upgrade` or `--upgrade-package NAME`.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
    --extra dev --output-file requirements.lock "$@" pyproject.toml
if grep -nE '[a-z]+://' requirements.lock; then
    echo "tools/lock.sh: an address got into requirements.lock (above)" >&2
    exit 1
fi
