#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# Dovecot 2.4, whose configuration is another language: as dovecot.sh, with SCRAM-…-PLUS and without DIGEST-MD5.
suite=trixie
packages=(dovecot-core dovecot-pop3d)

start() {
  fill_virtual
  local tokens version
  tokens=$(start_introspection)
  version=$(dovecot --version | grep -oE '^[0-9.]+')
  cat >dovecot.conf <<END
dovecot_config_version = $version
dovecot_storage_version = $version
protocols = pop3
listen = 127.0.0.1
log_path = $srv/dovecot.log
ssl = yes
ssl_server_cert_file = $srv/tls/server.pem
ssl_server_key_file = $srv/tls/server.key
ssl_server_ca_file = $srv/tls/ca.pem
ssl_server_require_crl = no
ssl_server_request_client_cert = yes
auth_ssl_username_from_cert = yes
auth_allow_cleartext = yes
auth_mechanisms = plain login apop cram-md5 scram-sha-1 scram-sha-1-plus scram-sha-256 scram-sha-256-plus xoauth2 oauthbearer external anonymous
auth_anonymous_username = alice
# Wrong passwords are tried on purpose: no delay, and none that grows.
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
mail_driver = maildir
mail_path = ~/Maildir
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
oauth2 {
  introspection_mode = post
  introspection_url = $tokens
  username_attribute = username
  active_attribute = active
  active_value = true
}
passdb oauth2 {
  mechanisms_filter = xoauth2 oauthbearer
}
passdb static {
  mechanisms_filter = external
  fields {
    nopassword = yes
  }
}
passdb passwd-file {
  passwd_file_path = $srv/users
}
userdb static {
  fields {
    uid = nobody
    gid = nogroup
    home = /home/virtual/%{user}
  }
}
END
  exec dovecot -F -c "$srv/dovecot.conf"
}
