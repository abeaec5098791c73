#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# Courier: maildirs, its own user database, and STLS. A message with octets above 127 comes whole only after UTF8.
packages=(courier-pop courier-authlib-userdb dma)
prepare() { make_users; }

start() {
  fill_maildirs
  local user kind
  for user in "${users[@]}"; do
    userdb "$user" set "home=/home/$user" "mail=/home/$user/Maildir" "uid=$(id -u "$user")" "gid=$(id -g "$user")"
    for kind in hmac-md5 hmac-sha1 hmac-sha256; do set_password "$user" "$kind" "${kind}pw"; done
    set_password "$user" md5 systempw
  done
  chmod 600 /etc/courier/userdb
  makeuserdb

  cd /etc/courier || return
  cp "$srv/tls/server-both.pem" pop3d.pem
  chown courier pop3d.pem
  local mechanisms='PLAIN LOGIN CRAM-MD5 CRAM-SHA1 CRAM-SHA256'
  sed -i 's/^authmodulelist=.*/authmodulelist=authuserdb/' authdaemonrc
  printf '%s\n' ADDRESS=127.0.0.1 "PORT=$plain" MAXPERIP=40 "POP3AUTH='$mechanisms'" >>pop3d
  printf '%s\n' SSLADDRESS=127.0.0.1 "SSLPORT=$pop3s" "POP3AUTH_TLS='$mechanisms'" >>pop3d-ssl
  install -d -o courier -g courier /run/courier /run/courier/authdaemon
  authdaemond start
  /usr/lib/courier/pop3d start
  /usr/lib/courier/pop3d-ssl start
  exec sleep infinity
}

# set_password USER HASH FIELD; the program asks twice.
set_password() { printf 'secret-%s\nsecret-%s\n' "$1" "$1" | userdbpw "-$2" | userdb "$1" set "$3"; }
