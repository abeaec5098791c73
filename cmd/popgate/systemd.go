package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// socketOfSystemd is the --listen that takes the socket which systemd has opened and passes on (sd_listen_fds(3)).
const socketOfSystemd = "systemd"

// listen listens on an address, or takes systemd's socket.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if address != socketOfSystemd {
		return new(net.ListenConfig).Listen(ctx, "tcp", address)
	}
	passed, err := activation.Listeners()
	if err != nil {
		return nil, err
	}
	if len(passed) != 1 || passed[0] == nil {
		return nil, fmt.Errorf("systemd passes %d sockets, not one that listens: a unit of type .socket does", len(passed))
	}
	return passed[0], nil
}

// tellSystemd tells a service manager that asks for it (sd_notify(3)) how far popgate is.
func tellSystemd(state string, log *slog.Logger) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("cannot tell systemd", "state", state, "error", err)
	}
}
