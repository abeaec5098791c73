//go:build !linux

package pop3test

import (
	"net"
	"time"
)

// awaitSent gives the kernel a moment to send what was written, which a reset
// would throw away.
func (c *faultConn) awaitSent(*net.TCPConn) {
	_ = c.sleep(50 * time.Millisecond) // cut short, it is closed anyway
}
