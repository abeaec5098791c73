#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# mailfront: maildirs, passwords by a module of cvm, no TLS of its own: stunnel brings POP3S.
packages=(mailfront cvm ucspi-tcp stunnel4)
prepare() { make_users; }

start() {
  fill_maildirs
  local user
  for user in "${users[@]}"; do
    echo "$user:secret-$user:$(id -u "$user"):$(id -g "$user")::/home/$user:/bin/sh"
  done >passwords
  export CVM_PWFILE_PATH=$srv/passwords CVM_SASL_PLAIN=cvm-pwfile CVM_SASL_LOGIN=cvm-pwfile
  one_process_each "$plain" pop3front-auth cvm-pwfile pop3front-maildir Maildir
  tls_in_front pop3s "$pop3s" "$plain"
  wait
}
