#!/usr/bin/env bash
# Builds the program beside this file, which asks kstatus itself, once: later runs find it and return at once.
#
#   tests/kstatus/build.sh              prints the program's path; what it does goes to stderr
#   tests/kstatus/build.sh --packages   the Debian packages that this would need and this machine does not have
set -euo pipefail

module=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=$(dirname "$module")
mkdir -p "${CARGO_TARGET_DIR:-$tests/../target}"
target=$(cd "${CARGO_TARGET_DIR:-$tests/../target}" && pwd)

# tests/readiness/kstatus.rs derives the same name from the same files.
version=$(awk '$1 == "sigs.k8s.io/cli-utils" { print $2; exit }' "$module/go.mod")
program=$target/kstatus/$version/kstatus

if [[ ${1:-} == --packages ]]; then
    [[ -x $program && $program -nt $module/main.go ]] || "$tests/go.sh" --packages
    exit
fi
if [[ ! -x $program || $module/main.go -nt $program ]]; then
    printf 'kstatus: building %s\n' "$program" >&2
    go=$("$tests/go.sh")
    mkdir -p "$(dirname "$program")"
    # With the flags of tests/apiserver/build.sh: what it compiled is used again.
    export GOTOOLCHAIN=local GOWORK=off GOFLAGS='-mod=readonly -trimpath -buildvcs=false' CGO_ENABLED=0
    (cd "$module" && "$go" build -o "$program.$$" .)
    mv "$program.$$" "$program"
fi
echo "$program"
