#!/usr/bin/env bash
# Starts real POP3 servers on loopback, one after the other, and drives every RPC of popgate against each; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

servers=(dovecot dovecot24 courier mailutils popa3d solid mailfront perdition stunnel tcllib)

usage() {
  cat <<END
usage: bash interop/run.sh [--help] [--keep] [SERVER…]

Starts each server on loopback, drives every RPC of a real popgate serve against it in every mode and with every login that
the server has, and compares what comes with what was seeded. The exit status is 1 where a check failed. What popgate diagnose
says of a server is kept in interop/diagnoses.

  SERVER       one of: ${servers[*]}
               None: all of them, and interop/RESULTS.md is written. Otherwise the table goes to standard output.
  --keep       leave the logs and the results where they are, and say where

  POPGATE_INTEROP_CACHE   directory of the Debian releases and packages, 2 GB for all servers
                          (default: popgate-interop in the user's cache directory); remove it to begin anew

Needs root, Linux with overlayfs, and Go; on Debian debootstrap is installed where it is missing. Each server runs in a private
root. The first start of one fetches its packages; later ones take seconds. Nothing is left running or mounted.
END
}

work='' cache='' keep='' # directories, and whether the first one stays
running='' checks='' started='' # processes: of a server or a step, of the checks, and the last one of background and alone
plain='' pop3s='' root='' # ports of the server, and its files

# shellcheck source=/dev/null # it is checked alone
. ./lib.sh

# clean_up runs at every end of the script, an interrupt too.
clean_up() {
  trap '' HUP INT TERM
  if [[ $checks ]]; then finish "$checks"; fi
  if [[ $running ]]; then finish "$running"; fi
  if [[ ! $keep ]]; then
    rm -rf "$work"
  else
    say "everything is in $work"
  fi
}

check_machine() {
  local tool
  ((EUID == 0)) || die 'must run as root: it makes namespaces and mounts'
  for tool in go unshare setpriv flock; do
    command -v "$tool" >/dev/null || die "$tool is not on the PATH"
  done
  command -v debootstrap >/dev/null && return
  command -v apt-get >/dev/null || die 'debootstrap is not on the PATH'
  say 'installing debootstrap'
  {
    apt-get -q -o Acquire::Retries=3 update
    DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends debootstrap
  } >"$work/apt.log" 2>&1 || {
    tail -n 20 "$work/apt.log" >&2
    die 'cannot install debootstrap'
  }
}

# build makes the programs, and what all servers share.
build() {
  say 'building popgate, with the race detector, and the tests'
  mkdir -p "$work"/shared/{root,servers,tls,mail} "$work/results"
  go build -race -o "$work/popgate" ../cmd/popgate
  go test -c -o "$work/servers.test" ./servers
  CGO_ENABLED=0 go build -o "$work/shared/helper" ./helper
  "$work/shared/helper" certificates "$work/shared/tls"
  go run ./seed -all "$work/shared/mail" alice bob:
  cp servers/*.sh "$work/shared/servers"
  chmod -R a+rX "$work"
}

# drive NAME runs the checks of a server, and fails where one did.
drive() {
  local name=$1 run=$work/$1 begun=$SECONDS status=0 server
  start_server "$name" "$run" || {
    say "$name: does not start"
    stop_server
    return 1
  }
  server=$running
  cat >"$run/setup.json" <<END
{"server": "$name", "version": "$(<"$run/version")", "plain": "127.0.0.1:$plain", "pop3s": "127.0.0.1:$pop3s",
 "root": "$root", "tls": "$run/tls", "popgate": "$work/popgate", "results": "$work/results/$name.json"}
END
  say "$name $(<"$run/version"): answers, now the checks"
  POPGATE_INTEROP=$run/setup.json background "$work/servers.test" -test.timeout 10m >"$run/test.log" 2>&1
  checks=$started
  wait "$checks" || status=$?
  finish "$checks" # a panic leaves gateways behind
  checks=''
  finish "$server"
  running=''
  if ((status)); then
    cat "$run/test.log"
    tail -n 20 "$run/out" >&2
  else
    cp "$work/results/$name.txt" "diagnoses/$name.txt"
  fi
  local count verdict='all as expected'
  count=$(grep -cs '"outcome"' "$work/results/$name.json") || true
  ((status == 0)) || verdict=FAILED
  say "$name: ${count:-no} checks, $verdict, $((SECONDS - begun)) s"
  rm -rf "${run:?}/mail"
  return "$status"
}

main() {
  local name failed=() chosen=()
  while (($#)); do
    case $1 in
      --help | -h)
        usage
        return
        ;;
      --keep) keep=yes ;;
      -*)
        usage >&2
        exit 2
        ;;
      *)
        [[ " ${servers[*]} " == *" $1 "* ]] || die "there is no server $1, only: ${servers[*]}"
        chosen+=("$1")
        ;;
    esac
    shift
  done
  ((${#chosen[@]})) || chosen=("${servers[@]}")

  work=$(mktemp -d "${TMPDIR:-/tmp}/popgate-interop.XXXXXX")
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  chmod 755 "$work"
  cache=${POPGATE_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/popgate-interop}
  mkdir -p "$cache"
  cache=$(realpath "$cache")
  exec 9>"$cache/lock"
  flock -n 9 || {
    say 'another run uses the cache: waiting for it'
    flock 9
  }

  check_machine
  build
  for name in "${chosen[@]}"; do
    need_release "$(suite_of "$name")"
    need_packages "$name"
    drive "$name" || failed+=("$name")
  done
  go run ./results "$work/results" "${servers[@]}" >"$work/RESULTS.md"
  if ((${#chosen[@]} == ${#servers[@]})); then
    cp "$work/RESULTS.md" RESULTS.md
    say 'wrote interop/RESULTS.md'
  else
    cat "$work/RESULTS.md"
  fi
  ((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
}

main "$@"
