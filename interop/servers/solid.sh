#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# Solid POP3: mbox and PAM, no TLS of its own: stunnel brings POP3S. It announces APOP, but its database of secrets is empty
# on Debian. An mbox, because a maildir with one message without a blank line is refused as a whole.
packages=(solid-pop3d ucspi-tcp stunnel4)
prepare() { make_users; }

start() {
  fill_spool
  cat >/etc/spop3d.conf <<END
<Global>
  MailDropName "/var/mail/%s"
  MailDropType mailbox
  APOPServerName "localhost"
  AllowAPOP yes
</Global>
END
  one_process_each "$plain" solid-pop3d
  tls_in_front pop3s "$pop3s" "$plain"
  wait
}
