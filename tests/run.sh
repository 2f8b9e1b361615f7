#!/usr/bin/env bash
# Runs every test, on a machine that needs nothing but a clone and Rust: missing system packages are installed
# (as root) or named; the control plane that the tests run against is built and the CRDs are fetched once, under
# target/.
#
#   tests/run.sh [ARGUMENT...]     arguments go to `cargo test`, such as `--test integration cluster::`
#   tests/run.sh --prepare         everything but the tests
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '== %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Prints the Debian package $1 when the rest, a command, fails: what is there by another way is not asked for.
unless() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || echo "$package"
}
library() {
    local directory
    for directory in /lib /lib64 /usr/lib /usr/lib64 /usr/local/lib; do
        compgen -G "$directory/$1" || compgen -G "$directory/*-linux-gnu*/$1" || continue
        return
    done
    return 1
}
missing_packages() {
    # To build: the C parts of a few crates, and the downloads.
    unless gcc command -v cc
    unless libc6-dev test -e /usr/include/stdio.h
    unless ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
    {
        tests/apiserver/build.sh --packages
        tests/kstatus/build.sh --packages
        tests/crds/fetch.sh --packages
    } | sort -u
    # To open the window: a display, and what is loaded when the window is opened.
    unless xvfb command -v Xvfb
    unless libx11-6 library libX11.so.6
    unless libx11-xcb1 library libX11-xcb.so.1
    unless libxcursor1 library libXcursor.so.1
    unless libxi6 library libXi.so.6
    unless libxkbcommon0 library libxkbcommon.so.0
    unless libxkbcommon-x11-0 library libxkbcommon-x11.so.0
    unless libgl1 library libGL.so.1
    unless libegl1 library libEGL.so.1
}

missing=$(missing_packages | tr '\n' ' ')
if [[ -n $missing ]]; then
    command -v apt-get >/dev/null || fail "please install what Debian calls: $missing"
    [[ $(id -u) == 0 ]] || fail "please run: sudo apt-get install --no-install-recommends $missing"
    say "installing system packages: $missing"
    apt-get update -q >&2
    # shellcheck disable=SC2086 # one word for each package
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >&2
    missing=$(missing_packages | tr '\n' ' ')
    [[ -z $missing ]] || fail "still missing after the installation: $missing"
fi

# rustup puts cargo where a shell that was opened before does not look.
command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
command -v cargo >/dev/null || fail "there is no cargo: install Rust $needed or newer from https://rustup.rs"
found=$(cargo --version | cut -d ' ' -f 2)
[[ $(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1) == "$needed" ]] ||
    fail "cargo is $found, and Kronika needs Rust $needed or newer: run \`rustup update\`, or see https://rustup.rs"

KUBEBUILDER_ASSETS=$(tests/apiserver/build.sh)
export KUBEBUILDER_ASSETS
tests/kstatus/build.sh >/dev/null
tests/crds/fetch.sh >/dev/null
[[ ${1:-} != --prepare ]] || exit 0

scratch=$(mktemp -d)
display=
# shellcheck disable=SC2317 # called by the trap
clean() {
    [[ -z $display ]] || kill "$display" 2>/dev/null || true
    rm -rf "$scratch"
}
trap clean EXIT
if [[ -z ${XDG_RUNTIME_DIR:-} ]]; then
    mkdir -m 700 "$scratch/runtime"
    export XDG_RUNTIME_DIR=$scratch/runtime
fi
if [[ -z ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; then
    mkfifo "$scratch/display"
    Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp 3>"$scratch/display" 2>"$scratch/Xvfb.log" &
    display=$!
    # Xvfb writes its number when it is ready, and the pipe ends when it fails.
    read -r number <"$scratch/display" || fail "Xvfb did not start: $(tail -n 3 "$scratch/Xvfb.log")"
    export DISPLAY=:$number
    say "no display here: using Xvfb at $DISPLAY"
fi

say "cargo test $*"
cargo test --locked "$@"
