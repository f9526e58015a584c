#!/bin/sh
# Prepares what a command of this project needs, then becomes that command with the project's own Node first in the PATH.
#
#   sh scripts/setup.sh STEP... [-- COMMAND [ARGUMENT...]]
#
# Steps, each skipped when it has nothing to do:
#   tools    Debian packages with the programs that the agent and the playground run
#   etcd     Debian package for tests against a real API server (not where KUBEBUILDER_ASSETS names one)
#   cluster  Debian packages that a cluster of real nodes is made of
#   browser  Debian package with the browser that tests of the page use
#   metrics  Debian package with the Prometheus that end-to-end specs scrape with
#   modules  npm packages exactly as package-lock.json says, the project's own Node among them
#   build    dist/, the bundle that bin/portcullis starts
#   image    Debian packages that build an image where no docker daemon answers
#
# It must run under any POSIX sh with whatever Node the machine has, as root or not, without a terminal.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
node="$root/node_modules/node/bin/node"
# An ordinary user of Debian has no sbin in the PATH, where iptables, ipset and conntrack live.
PATH="$root/node_modules/node/bin:$root/node_modules/.bin:$PATH:/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin"
export PATH

say() {
  printf 'setup: %s\n' "$*" >&2
}

fail() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}

digest() {
  sha256sum | cut -d ' ' -f 1
}

# packages_for PROGRAM:PACKAGE... prints the packages whose program is not there.
packages_for() {
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s\n' "${pair#*:}"
  done | sort -u | paste -s -d ' ' -
}

# need PROGRAM:PACKAGE... makes sure that each program is there, by apt-get where that is allowed.
need() {
  missing=$(packages_for "$@")
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null 2>&1 || fail "missing packages (Debian's names): $missing"
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    as_root='sudo -n'
    sudo -n true >/dev/null 2>&1 || fail "missing packages; install them as root: apt-get install $missing"
  fi

  say "apt-get install $missing"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing </dev/null >&2
  missing=$(packages_for "$@")
  [ -z "$missing" ] || fail "installed, but their programs are not there: $missing"
}

step_tools() {
  need iptables:iptables ip6tables:iptables ipset:ipset conntrack:conntrack ip:iproute2 curl:curl unshare:util-linux setpriv:util-linux \
    nsenter:util-linux ps:procps sysctl:procps perl:perl-base nft:nftables
}

step_etcd() {
  [ -n "${KUBEBUILDER_ASSETS:-}" ] || need etcd:etcd-server
}

step_image() {
  docker version >/dev/null 2>&1 || need buildah:buildah debootstrap:debootstrap
}

step_cluster() {
  need etcd:etcd-server containerd:containerd runc:runc /usr/lib/cni/ptp:containernetworking-plugins tini:tini nft:nftables \
    busybox:busybox-static openssl:openssl
}

step_browser() {
  need chromium:chromium
}

step_metrics() {
  need prometheus:prometheus
}

# The stamp is written last, so an installation that was interrupted is done again.
step_modules() {
  stamp="$root/node_modules/.installed-lock"
  want=$(digest <"$root/package-lock.json")
  if [ -x "$node" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then return 0; fi

  command -v npm >/dev/null 2>&1 || fail 'npm is missing: install Node.js 20 or newer with npm'
  say 'npm ci: packages of package-lock.json into node_modules (about 20 s, once)'
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error </dev/null >&2) || fail 'npm ci failed'
  if [ ! -x "$node" ]; then
    # This npm does not run install scripts; of them all only the one that fetches Node is needed.
    say "fetching the project's own Node"
    (cd "$root/node_modules/node" && node installArchSpecificPackage </dev/null >&2) || fail 'Node could not be fetched'
  fi
  "$node" --version >/dev/null || fail "$node does not run on this machine"
  printf '%s\n' "$want" >"$stamp"
}

sources_digest() {
  (cd "$root" && find src ui package.json package-lock.json scripts/build.ts scripts/build -type f -exec sha256sum {} + | sort | digest)
}

step_build() {
  stamp="$root/dist/.built-from"
  want=$(sources_digest)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then return 0; fi
  say 'building dist/'
  "$node" "$root/scripts/build.ts" >&2
  printf '%s\n' "$want" >"$stamp"
}

while [ $# -gt 0 ]; do
  case $1 in
    tools | etcd | cluster | metrics | browser | modules | build | image) "step_$1" ;;
    --)
      shift
      break
      ;;
    *) fail "unknown step: $1" ;;
  esac
  shift
done

[ $# -eq 0 ] || exec "$@"
