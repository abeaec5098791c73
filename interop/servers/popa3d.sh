#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# popa3d: mbox and PAM, a process a session, no TLS of its own: stunnel brings POP3S.
packages=(popa3d ucspi-tcp stunnel4)
prepare() { make_users; }

start() {
  fill_spool
  one_process_each "$plain" popa3d
  tls_in_front pop3s "$pop3s" "$plain"
  wait
}
