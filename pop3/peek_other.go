//go:build !unix

package pop3

import "net"

// peek knows nothing here: reading tells.
func peek(net.Conn) readiness { return unknown }
