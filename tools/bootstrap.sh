#!/usr/bin/env bash
# Makes .venv ready: `tools/bootstrap.sh` for the program, with `browser` as argument
# also a browser for the tests. Run by make; running it again costs a moment.
#
# Needs nothing but Python 3.11 or later. What else is missing is installed from the
# system's packages when this runs as root on Debian; otherwise it says what to type.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/mileage.stamp

say() { printf 'set-up: %s\n' "$*" >&2; }

stop() {
    printf 'set-up: %s\n' "$@" >&2
    exit 1
}

# The system's packages, where we may install them; otherwise what to type.
system_install() {
    local reason=$1
    shift
    if ! command -v apt-get >/dev/null 2>&1; then
        return 1
    elif [ "$(id -u)" != 0 ]; then
        stop "$reason" "install it with:  sudo apt-get install --yes $*"
    fi
    say "$reason; installing $*"
    local log
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes \
        --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        stop "apt-get could not install: $* (whole log: $log)"
    fi
    rm -f "$log"
}

# Runs a long command quietly; on failure everything it said is shown.
quietly() {
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        stop "this failed: $*"
    fi
    rm -f "$log"
}

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
        >/dev/null 2>&1
}

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if is_supported "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# Debian keeps the part of Python that puts pip into an environment in a package of
# its own, so a machine can have python3 and still be unable to make one.
ensure_venv_module() {
    local python=$1 version
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && return
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    system_install "$python cannot make virtual environments" "python$version-venv" ||
        stop "$python has no module ensurepip: use another with  make PYTHON=… "
}

fingerprint() {
    cat requirements.lock pyproject.toml src/mileage/__init__.py tools/bootstrap.sh \
        hatch_build.py src/mileage/native/*.[ch] | cksum
    pwd # an environment holds absolute paths
}

create_venv() {
    local python
    if is_supported "$venv/bin/python" && "$venv/bin/python" -m pip --version \
        >/dev/null 2>&1; then
        return
    fi
    python=$(find_python) ||
        stop "no Python 3.11 to 3.14 found; install one, or name it: make PYTHON=…"
    ensure_venv_module "$python"
    say "making $venv with $python"
    rm -rf "$venv"
    quietly "$python" -m venv "$venv"
}

# pip installs the uv of the lock file, hashes checked; uv installs all the rest.
install_uv() {
    local pinned
    pinned=$(awk '/^uv==/ { on = 1 } on { print } on && !/\\$/ { exit }' \
        requirements.lock)
    case "$("$venv/bin/uv" --version 2>/dev/null || true)" in
    "uv $(printf '%s\n' "$pinned" | sed -n 's/^uv==\([^ ]*\).*/\1/p')"*) return ;;
    esac
    say "installing uv"
    printf '%s\n' "$pinned" >"$venv/uv.txt"
    quietly "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --no-deps --only-binary :all: --require-hashes --requirement "$venv/uv.txt"
}

install_packages() {
    local uv="$venv/bin/uv pip" python="$venv/bin/python"
    say "installing $(grep -c '^[a-z].*==' requirements.lock) packages of" \
        "requirements.lock"
    quietly $uv sync --python "$python" --require-hashes --compile-bytecode \
        requirements.lock
    # Built with the hatchling of the lock file: nothing is fetched for it.
    quietly $uv install --python "$python" --no-deps --no-build-isolation \
        --editable .
}

prepare() {
    export UV_PYTHON_DOWNLOADS=never UV_HTTP_TIMEOUT=180 UV_NO_PROGRESS=1
    # Trust what the machine trusts: many companies' networks have roots of their own.
    if [ -s /etc/ssl/certs/ca-certificates.crt ] || [ "$(uname)" = Darwin ]; then
        export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
    fi
    if [ "$(cat "$stamp" 2>/dev/null || true)" != "$(fingerprint)" ]; then
        local started
        started=$(date +%s)
        create_venv
        install_uv
        install_packages
        fingerprint >"$stamp"
        say "ready after $(($(date +%s) - started)) s"
    fi
    # Compiled once, so that the first command is as fast as the second.
    "$venv/bin/python" -m compileall -q src
}

# The tests compare the extension in C with what stands in for it; the program runs
# without a compiler as well.
ensure_compiler() {
    local include version
    include=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    if command -v cc >/dev/null 2>&1 && [ -e "$include/Python.h" ]; then
        return
    fi
    version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    system_install "the tests need a C compiler and Python's headers" \
        gcc libc6-dev "python$version-dev" ||
        stop "the tests need a C compiler and the headers of $venv/bin/python"
    rm -f "$stamp"
    prepare
}

# Where tests/e2e looks for one: CHROMIUM, then these names.
has_browser() {
    [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null 2>&1 ||
        command -v chromium-browser >/dev/null 2>&1 ||
        command -v google-chrome >/dev/null 2>&1
}

# Playwright brings a program of its own, which needs one library of the system.
driver_runs() {
    "$venv"/lib/python*/site-packages/playwright/driver/node --version >/dev/null 2>&1
}

ensure_browser() {
    local missing=""
    has_browser || missing="chromium chromium-sandbox fonts-liberation"
    driver_runs || missing="$missing libatomic1"
    [ -n "$missing" ] || return 0
    # Names of packages, one word each.
    # shellcheck disable=SC2086
    system_install "the tests drive a browser, and something of it is missing" \
        $missing ||
        stop "the tests drive a browser: install Chromium or Chrome, and name it" \
            "if it is not on the PATH:  make test CHROMIUM=/path/to/chrome"
}

prepare
if [ "${1:-}" = browser ]; then
    ensure_compiler
    ensure_browser
fi
