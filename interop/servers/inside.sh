#!/usr/bin/env bash
# inside.sh VERB NAME [ARG…] carries out a verb for the server of the script NAME.sh beside this one.
#
# In the server's private root:
#   provision NAME                      installs its packages; what it writes is kept
#   serve NAME PLAIN POP3S BACKEND      fills the mail store and serves on these ports of 127.0.0.1; does not return
# Anywhere:
#   suite NAME, recipe NAME             the Debian release, and all that provision depends on
#
# A script NAME.sh sets packages, may set suite and define prepare, which ends provision, and defines start, which serves on
# $plain, $pop3s and perhaps $backend, with its files in the current directory, /srv/interop. There are tls/ (ca.pem,
# server.pem, server.key, server-both.pem), mail/ as made by interop/seed, and the program helper.
set -euo pipefail
verb=$1 name=$2
shift 2
srv=/srv/interop
users=(alice bob) # alice has the messages; the password of USER is secret-USER
suite=bookworm
packages=()
prepare() { :; }

# shellcheck source=/dev/null # one of ten
. "$(dirname "${BASH_SOURCE[0]}")/$name.sh"

# make_users makes accounts of the system.
make_users() {
  local user
  for user in "${users[@]}"; do
    useradd --create-home "$user"
    echo "$user:secret-$user" | chpasswd
  done
}

# fill_maildirs gives each account its maildir, ~/Maildir.
fill_maildirs() {
  local user
  for user in "${users[@]}"; do
    cp -r "mail/$user/Maildir" "/home/$user/"
    chown -R "$user:" "/home/$user/Maildir"
  done
}

# fill_spool gives each account its mbox in /var/mail.
fill_spool() {
  local user
  for user in "${users[@]}"; do install -o "$user" -g mail -m 660 "mail/$user/mbox" "/var/mail/$user"; done
}

# password_file is a line a user: name, and password by the scheme {PLAIN} of Dovecot.
password_file() {
  local user
  for user in "${users[@]}"; do echo "$user:{PLAIN}secret-$user"; done
}

# fill_virtual puts the maildirs where Dovecot's configurations have them: owned by one account for all users.
fill_virtual() {
  mkdir -p /home/virtual
  cp -r mail/. /home/virtual
  chown -R nobody:nogroup /home/virtual
  password_file >users
}

# tls_in_front SERVICE ACCEPT CONNECT [OPTION…] has stunnel speak TLS on the port ACCEPT and pass on to CONNECT.
tls_in_front() {
  printf '%s\n' 'foreground = yes' "cert = $srv/tls/server-both.pem" "[$1]" "accept = 127.0.0.1:$2" "connect = 127.0.0.1:$3" \
    "${@:4}" >"stunnel-$1.conf"
  stunnel4 "stunnel-$1.conf" &
}

# start_introspection starts the service that says whose a bearer token is, and prints its URL. The token of USER is token-USER.
start_introspection() {
  ./helper introspect tokens.url >/dev/null &
  until [[ -s tokens.url ]]; do sleep 0.05; done
  cat tokens.url
}

# one_process_each PORT COMMAND… runs the command for each connection to the port.
one_process_each() { tcpserver -D -H -R -l localhost 127.0.0.1 "$@" & }

case $verb in
  suite) echo "$suite" ;;
  recipe)
    echo "$suite ${packages[*]}"
    declare -f prepare make_users
    ;;
  provision)
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d # the packages' own services stay off
    chmod 755 /usr/sbin/policy-rc.d
    apt-get -q -o Acquire::Retries=3 update
    apt-get -qy -o Acquire::Retries=3 install --no-install-recommends "${packages[@]}"
    prepare
    apt-get clean
    rm -rf /var/lib/apt/lists/*
    # shellcheck disable=SC2016 # a format of dpkg-query
    dpkg-query --show --showformat '${Version}\n' "${packages[0]}" | sed 's/^[0-9]*://; s/[-+].*//' >/etc/interop-version
    ;;
  serve)
    cd "$srv"
    # shellcheck disable=SC2034 # for start
    plain=$1 pop3s=$2 backend=$3
    cp /etc/interop-version version
    start
    ;;
esac
