#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# Perdition, a proxy with USER and PASS of its own, STLS and POP3S, in front of a Dovecot.
packages=(perdition dovecot-core dovecot-pop3d)

start() {
  fill_virtual
  cat >backend.conf <<END
protocols = pop3
listen = 127.0.0.1
log_path = $srv/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
auth_failure_delay = 0
mail_location = maildir:~/Maildir
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = $backend
  }
}
passdb {
  driver = passwd-file
  args = $srv/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/home/virtual/%u
}
END
  dovecot -c "$srv/backend.conf"
  local common=(--no_daemon --no_lookup --bind_address 127.0.0.1 --outgoing_server "127.0.0.1:$backend" --log_facility -
    --ssl_cert_file "$srv/tls/server.pem" --ssl_key_file "$srv/tls/server.key")
  perdition.pop3 "${common[@]}" --listen_port "$plain" --ssl_mode tls_listen &
  perdition.pop3s "${common[@]}" --listen_port "$pop3s" --ssl_mode ssl_listen &
  wait
}
