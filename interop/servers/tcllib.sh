#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # inside.sh, which reads this, sets what is used and uses what is set
# Tcllib's pop3d, with a folder of files as maildrop. TLS, POP3S alone, is tcl-tls'. No UIDL.
packages=(tcllib tcl tcl-tls)

start() {
  rm mail/alice/files/05 # the one of 20 MB: it would think for two minutes before it sends any of it
  cat >server.tcl <<'END'
package require pop3d
package require pop3d::dbox
package require pop3d::udb
package require tls

lassign $argv plain pop3s
set maildrops [pop3d::dbox::new]
$maildrops base mail
set accounts [pop3d::udb::new]
foreach user {alice bob} {
    $accounts add $user secret-$user $user/files
}

proc in_the_clear {args} {
    socket -myaddr 127.0.0.1 {*}$args
}
proc in_tls {flag callback port} {
    tls::socket $flag $callback -myaddr 127.0.0.1 -certfile tls/server.pem -keyfile tls/server.key $port
}

foreach {port opener} [list $plain in_the_clear $pop3s in_tls] {
    set server [pop3d::new]
    $server configure -port $port -auth $accounts -storage $maildrops -socket $opener
    $server up
}
vwait forever
END
  exec tclsh server.tcl "$plain" "$pop3s"
}
