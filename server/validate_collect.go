package server

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Limits of CollectMessages.
const (
	maxUnsettledMessages = 10_000
	maxCommitMessages    = 100_000
	minCollectWait       = time.Second
	maxCollectWait       = time.Hour
)

// collect checks a request of CollectMessages, the first or a later one.
func (v *violations) collect(r *pb.CollectMessagesRequest) {
	switch request := r.GetRequest().(type) {
	case nil:
		v.add("request", "is missing")
	case *pb.CollectMessagesRequest_Open:
		v.open("open.", request.Open)
	case *pb.CollectMessagesRequest_Credentials:
		v.credentials("credentials", request.Credentials)
	case *pb.CollectMessagesRequest_Settle:
		v.settle(request.Settle)
	}
}

func (v *violations) open(prefix string, r *pb.CollectOpen) {
	fetch := r.GetFetch()
	if fetch == nil {
		fetch = &pb.FetchMessagesRequest{}
	}
	v.access(prefix+"fetch.", fetch)
	v.selection(prefix+"fetch.", fetch)
	if fetch.HeaderLines != nil {
		v.add(prefix+"fetch.header_lines", "is for FetchMessages: what is not delivered whole cannot be settled")
	}
	if _, all := fetch.GetSelection().(*pb.FetchMessagesRequest_All); r.GetOffer() && (fetch.GetSelection() != nil && !all || len(fetch.GetSeenUniqueIds()) > 0) {
		v.add(prefix+"offer", "does not go with a selection other than all")
	}
	v.count(prefix+"max_unsettled_messages", r.MaxUnsettledMessages, maxUnsettledMessages)
	v.count(prefix+"commit_messages", r.CommitMessages, maxCommitMessages)
	if r.MaxUnsettledOctets != nil && r.GetMaxUnsettledOctets() <= 0 {
		v.add(prefix+"max_unsettled_octets", "is not above 0")
	}
	v.wait(prefix+"commit_interval", r.GetCommitInterval())
	v.wait(prefix+"ack_timeout", r.GetAckTimeout())
}

func (v *violations) count(field string, n *uint32, most uint32) {
	if n != nil && (*n == 0 || *n > most) {
		v.add(field, fmt.Sprintf("is not from 1 to %d", most))
	}
}

func (v *violations) wait(field string, d *durationpb.Duration) {
	if d != nil && (d.CheckValid() != nil || d.AsDuration() < minCollectWait || d.AsDuration() > maxCollectWait) {
		v.add(field, fmt.Sprintf("is not from %s to %s", minCollectWait, maxCollectWait))
	}
}

func (v *violations) settle(r *pb.Settle) {
	v.ids("settle.delivery_ids", len(r.GetDeliveryIds()))
	if d := r.GetDisposition(); d != pb.Disposition_DISPOSITION_DELETE && d != pb.Disposition_DISPOSITION_KEEP {
		v.add("settle.disposition", "is neither DELETE nor KEEP")
	}
	if (len(r.GetDeliveryIds()) == 0) == (r.GetThrough() == 0) {
		v.add("settle", "has neither delivery_ids nor through, or both")
	}
}
