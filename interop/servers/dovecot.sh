#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# Dovecot 2.3: virtual users with maildirs, STLS and POP3S, every mechanism that it has, one session a maildrop.
packages=(dovecot-core dovecot-pop3d)

start() {
  fill_virtual
  local tokens
  tokens=$(start_introspection)
  cat >oauth2.conf <<END
introspection_mode = post
introspection_url = $tokens
username_attribute = username
active_attribute = active
active_value = true
END
  cat >dovecot.conf <<END
protocols = pop3
listen = 127.0.0.1
log_path = $srv/dovecot.log
ssl = yes
ssl_cert = <$srv/tls/server.pem
ssl_key = <$srv/tls/server.key
ssl_ca = <$srv/tls/ca.pem
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
disable_plaintext_auth = no
auth_mechanisms = plain login apop cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer external anonymous
auth_anonymous_username = alice
# Wrong passwords are tried on purpose: no delay, and none that grows.
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
pop3_lock_session = yes
service pop3-login {
  inet_listener pop3 {
    port = $plain
  }
  inet_listener pop3s {
    port = $pop3s
    ssl = yes
  }
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $srv/oauth2.conf
}
passdb {
  driver = static
  mechanisms = external
  args = nopassword
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
  exec dovecot -F -c "$srv/dovecot.conf"
}
