package server

import (
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// service implements popgate.v1.Pop3Service and popgate.v1.MailboxService. Its methods return plain errors; translated makes statuses
// of them.
type service struct {
	pb.UnimplementedPop3ServiceServer
	pb.UnimplementedMailboxServiceServer
	config   Config
	registry *registry

	mailboxes  turns // of calls of MailboxService at one mailbox
	places     turns // of one caller's at one host, to wait for a place
	penalties  *penalties
	loginRates *rates // of callers

	logins turns // of one caller's at one host, and of callers at the host, to log in
}

func newService(config Config, registry *registry) *service {
	return &service{
		config: config, registry: registry,
		penalties:  newPenalties(config.Limits.FailedLogins),
		loginRates: newRates(config.Limits.LoginsPerSecondPerCaller, 1),
	}
}
