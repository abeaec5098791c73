#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# GNU Mailutils' pop3d: mbox, PAM, APOP from a database of its own, and STLS.
packages=(mailutils-pop3d)
prepare() { make_users; }

start() {
  fill_spool
  install -m 600 tls/server.key /etc/interop.key # it takes no key that others may read
  local user
  for user in "${users[@]}"; do echo "$user: secret-$user"; done | popauth --compatibility --create --output /etc/apop.db
  cat >pop3d.conf <<END
mode daemon;
foreground yes;
pidfile /run/interop.pid;
apop-database-file "/etc/apop.db";
tls {
  ssl-certificate-file $srv/tls/server.pem;
  ssl-key-file /etc/interop.key;
}
auth {
  authentication "generic:system:pam";
  authorization "system";
}
logging {
  syslog no;
}
server 127.0.0.1:$plain {
  tls-mode ondemand;
}
server 127.0.0.1:$pop3s {
  tls-mode connection;
}
END
  exec pop3d --no-config --config-file="$srv/pop3d.conf"
}
