#!/bin/sh
# join-cgroups.sh GROUP... -- COMMAND [ARGUMENT...]: moves itself into each control group (a folder) and becomes COMMAND.
# A namespace of control groups starts at the group of the process that makes it, so this comes before unshare(1).
set -eu
while [ "$1" != -- ]; do
  echo $$ >"$1/cgroup.procs"
  shift
done
shift
exec "$@"
