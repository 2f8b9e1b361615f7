#!/usr/bin/env bash
# Builds the control plane that the tests run against (etcd, kube-apiserver, kube-controller-manager and
# kubectl) from the Go module beside this file, once: later runs find it and return at once.
#
# Prints the directory with the binaries on stdout, and what it does on stderr. With --packages, prints the
# Debian packages that the build would need and this machine does not have.
# KUBEBUILDER_ASSETS, the convention of Kubernetes' envtest, names a directory to use in its place.
set -euo pipefail

module=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$module/../.." && pwd)
mkdir -p "${CARGO_TARGET_DIR:-$root/target}"
target=$(cd "${CARGO_TARGET_DIR:-$root/target}" && pwd)

say() { printf 'control plane: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# The version that go.mod requires of the module $1.
required() { awk -v module="$1" '$1 == module && $2 ~ /^v/ { print $2; exit }' "$module/go.mod"; }
kubernetes=$(required k8s.io/kubernetes)
etcd=$(required go.etcd.io/etcd/server/v3)
# tests/support/control_plane/binaries.rs derives the same name from the same file.
binaries=$target/control-plane/$kubernetes-etcd-$etcd

# No toolchain is downloaded behind our back, nothing is added to go.mod, and the machine's flags do not count.
export GOTOOLCHAIN=local GOWORK=off GOFLAGS='-mod=readonly -trimpath -buildvcs=false' CGO_ENABLED=0

if [[ ${1:-} == --packages ]]; then
    [[ -n ${KUBEBUILDER_ASSETS:-} || -d $binaries ]] || "$root/tests/go.sh" --packages
    exit
fi

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
    for program in etcd kube-apiserver; do
        [[ -x $KUBEBUILDER_ASSETS/$program ]] ||
            fail "KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, which has no $program. Unset it to build one from source."
    done
    say "using KUBEBUILDER_ASSETS: $KUBEBUILDER_ASSETS"
    echo "$KUBEBUILDER_ASSETS"
    exit
fi

if [[ -d $binaries ]]; then
    say "already built: $binaries"
    echo "$binaries"
    exit
fi

mkdir -p "$target/control-plane"
exec 9>"$target/control-plane/.lock"
flock --nonblock 9 || { say "another build is running: waiting for it"; flock 9; }
if [[ -d $binaries ]]; then
    echo "$binaries"
    exit
fi

go=$("$root/tests/go.sh")
say "Go: $go"

partial=$binaries.partial
rm -rf "$partial"
mkdir "$partial"
cd "$module"

minor=${kubernetes#v*.}
version=k8s.io/component-base/version
flags="-s -w"
flags+=" -X $version.gitVersion=$kubernetes"
flags+=" -X $version.gitMajor=$(cut -d. -f1 <<<"${kubernetes#v}")"
flags+=" -X $version.gitMinor=${minor%%.*}"
# A module has neither a commit nor a working tree; "archive" is Kubernetes' own word for that.
flags+=" -X $version.gitCommit=unknown"
flags+=" -X $version.gitTreeState=archive"
flags+=" -X $version.buildDate=$("$go" list -m -f '{{with .Time}}{{.Format "2006-01-02T15:04:05Z"}}{{end}}' k8s.io/kubernetes)"

started=$SECONDS
say "building Kubernetes $kubernetes and etcd $etcd into $binaries: about 15 minutes on two cores, once"
# etcd first: the smallest shows within a minute that downloads and compiler work.
"$go" build -ldflags '-s -w' -o "$partial/etcd" go.etcd.io/etcd/server/v3
say "etcd is built ($((SECONDS - started)) s)"
for program in kube-apiserver kubectl kube-controller-manager; do
    "$go" build -ldflags "$flags" -o "$partial/$program" "k8s.io/kubernetes/cmd/$program"
    say "$program is built ($((SECONDS - started)) s)"
done

# The name appears only when everything is there: an interrupted build is not taken for a finished one.
mv "$partial" "$binaries"
echo "$binaries"
