#!/usr/bin/env bash
# Build what is released into dist/: source and wheel, the lock that they were tested
# with, a CycloneDX bill of materials made from it, and the SHA-256 of each file.
# Refuses a tree with changes: what is released is what is committed.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON_RELEASE:-.venv/bin/python}
if [ -n "$(git status --porcelain)" ]; then
    echo "release: the tree has changes; commit them first" >&2
    exit 1
fi
version=$("$python" -c 'from mileage import __version__; print(__version__)')
# The same commit gives the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

rm -rf dist
mkdir dist
.venv/bin/uv build --quiet --no-build-logs --out-dir dist
cp requirements.lock dist/
"$python" tools/bill_of_materials.py "$version" requirements.lock > dist/mileage.cdx.json
rm -f dist/.gitignore
sums=$(cd dist && sha256sum -- *)
printf "%s\n" "$sums" > dist/SHA256SUMS
echo "release: $version in dist/; check it with: cd dist && sha256sum -c SHA256SUMS"
