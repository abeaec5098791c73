#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# stunnel, which speaks POP3 itself until STLS, and POP3S, in front of popa3d.
packages=(stunnel4 popa3d ucspi-tcp)
prepare() { make_users; }

start() {
  fill_spool
  one_process_each "$backend" popa3d
  tls_in_front stls "$plain" "$backend" 'protocol = pop3'
  tls_in_front pop3s "$pop3s" "$backend"
  wait
}
