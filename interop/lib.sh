#!/usr/bin/env bash
# shellcheck disable=SC2154 # run.sh, which reads this, sets work and cache
# The host's side of run.sh: Debian releases in a cache, a private root for each server, its start and its end.
#
# A server runs on an overlay over a Debian of its own, in mount, PID and UTS namespaces of its own. Packages that exclude one
# another stay apart, this machine is left as it is, and with the first process of the namespace the kernel ends all the others
# and undoes every mount. The network is the host's; the servers listen on loopback.

say() { printf '%(%T)T %s\n' -1 "$*" >&2; }

die() {
  printf 'interop/run.sh: %s\n' "$*" >&2
  exit 1
}

# background COMMAND… starts a command in a session of its own and sets $started to its process. It dies with this script,
# however that ends.
background() {
  setsid setpriv --pdeathsig TERM "$@" </dev/null &
  started=$!
}

# alone COMMAND… is background for the first process of new namespaces.
alone() {
  setsid setpriv --pdeathsig KILL unshare --mount --uts --pid --fork --kill-child=KILL --mount-proc "$@" </dev/null &
  started=$!
}

# finish PROCESS ends what background or alone has started, and all that is left of its session.
finish() {
  local n
  kill -TERM -- "-$1" 2>/dev/null || true
  for ((n = 0; n < 50; n++)); do
    kill -0 -- "-$1" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# settle PROCESS LOG waits for a step of the preparation, which $running names to the trap meanwhile.
settle() {
  running=$1
  local status=0
  wait "$1" || status=$?
  running=''
  ((status == 0)) || {
    tail -n 20 "$2" >&2
    die "that failed; the whole log is $2"
  }
}

# --- the cache --------------------------------------------------------------

# need_release SUITE has a minimal Debian of that release in the cache.
need_release() {
  local root=$cache/$1
  [[ -d $root ]] && return
  say "Debian $1 is not in the cache: fetching it"
  rm -rf "$root.new"
  alone debootstrap --variant=minbase "$1" "$root.new" >"$cache/$1.log" 2>&1
  settle "$started" "$cache/$1.log"
  mv "$root.new" "$root"
}

# need_packages NAME has the server's packages in the cache, as a layer over its release.
need_packages() {
  local layer=$cache/$1 recipe
  recipe=$(servers/inside.sh recipe "$1")
  [[ -d $layer && $(<"$layer/recipe") == "$recipe" ]] && return
  say "$1 is not in the cache: installing it"
  rm -rf "$layer" "$layer.new"
  mkdir -p "$layer.new"/{upper,work}
  alone ./root.sh "$cache/$(suite_of "$1")" "$layer.new" "$work/shared" "$1" provision >"$cache/$1.log" 2>&1
  settle "$started" "$cache/$1.log"
  rm -rf "$layer.new/work"
  printf '%s\n' "$recipe" >"$layer.new/recipe"
  mv "$layer.new" "$layer"
}

suite_of() { servers/inside.sh suite "$1"; }

# --- a server ---------------------------------------------------------------

# free_port prints a port that nobody listens on, below those that outgoing connections take.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

# greets PORT says whether a POP3 server says hello there.
greets() {
  local line
  { read -rt 5 line <"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null && [[ $line == +OK* ]]
}

listens() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# start_server NAME RUN starts a server, and sets $running, $plain, $pop3s and $root. RUN is its directory.
start_server() {
  local name=$1 run=$2 backend first deadline=$((SECONDS + 60))
  plain=$(free_port) pop3s=$(free_port) backend=$(free_port)
  mkdir -p "$run"
  cp -r "$work/shared/." "$run"
  alone ./root.sh "$cache/$name/upper:$cache/$(suite_of "$name")" - "$run" "$name" serve "$plain" "$pop3s" "$backend" >"$run/out" 2>&1
  running=$started
  until greets "$plain" && listens "$pop3s"; do
    if ((SECONDS >= deadline)) || ! kill -0 "$running" 2>/dev/null; then
      tail -n 20 "$run/out" >&2
      return 1
    fi
    sleep 0.1
  done
  read -r first <"/proc/$running/task/$running/children"
  root=/proc/$first/root
}

stop_server() {
  [[ $running ]] || return 0
  finish "$running"
  running=''
}
