package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// inside is what no message may tell.
var inside = regexp.MustCompile(`shadow|secret\.example|10\.0\.0\.1|OpenSSH|HTTP|ESMTP|PONG`)

// TestStatusOf holds every row to the contract: code, reason, all of the metadata, details and trailers, also of a wrapped error.
func TestStatusOf(t *testing.T) {
	for name, tt := range statuses {
		for _, err := range []error{tt.err, fmt.Errorf("wrapped: %w", tt.err), errors.Join(errors.New("first"), tt.err)} {
			st, trailer := statusOf(t.Context(), err)
			wantFailure(t, name, st.Err(), tt.want)
			checkError(t, name, st.Err(), trailer)
			if got := infoOf(st.Err()).GetMetadata(); !maps.Equal(got, tt.want.meta) {
				t.Errorf("%s: metadata %v, want %v", name, got, tt.want.meta)
			}
			if !strings.Contains(st.Message(), tt.text) || inside.MatchString(st.Message()) {
				t.Errorf("%s: message %q", name, st.Message())
			}
			if got := detailOf[*errdetails.RetryInfo](st.Err()).GetRetryDelay().AsDuration(); got != tt.hint {
				t.Errorf("%s: RetryInfo %v, want %v", name, got, tt.hint)
			}
			bad := map[string]string{}
			for _, v := range detailOf[*errdetails.BadRequest](st.Err()).GetFieldViolations() {
				bad[v.GetField()] = v.GetDescription()
			}
			if !maps.Equal(bad, tt.bad) {
				t.Errorf("%s: BadRequest %v, want %v", name, bad, tt.bad)
			}
		}
	}
}

// Every reason of the contract is in the table, save those whose part of popgate does not exist yet.
func TestEveryReason(t *testing.T) {
	missing := maps.Clone(pb.ErrorReason_name)
	delete(missing, int32(pb.ErrorReason_ERROR_REASON_UNSPECIFIED))
	delete(missing, int32(pb.ErrorReason_ERROR_REASON_CALLER_NOT_PERMITTED)) // needs roles
	for _, tt := range statuses {
		delete(missing, pb.ErrorReason_value["ERROR_REASON_"+tt.want.reason])
	}
	if len(missing) > 0 {
		t.Errorf("no test has %v", slices.Sorted(maps.Values(missing)))
	}
}

// Causes and outcomes in metadata are names of the contract.
func TestMetadataNames(t *testing.T) {
	for name, tt := range statuses {
		meta := tt.want.meta
		_, cause := pb.Cause_value["CAUSE_"+meta["cause"]]
		if _, outcome := pb.CommitOutcome_value["COMMIT_OUTCOME_"+meta["outcome"]]; meta["outcome"] != "" && !outcome {
			t.Errorf("%s: outcome %s", name, meta["outcome"])
		}
		if meta["cause"] != "" && !cause {
			t.Errorf("%s: cause %s", name, meta["cause"])
		}
	}
}

// The end of the caller's context is the caller's; that of a limit of popgate's is not.
func TestStatusOfContext(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancelLate := context.WithTimeout(context.Background(), 0)
	defer cancelLate()
	lost := &pop3.BrokenError{Cause: pop3.ConnectionLost, Err: context.Canceled}
	for name, tt := range map[string]struct {
		ctx  context.Context
		err  error
		want failure
	}{
		"cancelled":            {cancelled, context.Canceled, failure{codes.Canceled, "", nil}},
		"cancelled for good":   {cancelled, &pop3.BrokenError{Cause: pop3.Cancelled, Err: context.Canceled}, failure{codes.Canceled, "", nil}},
		"cancelled connecting": {cancelled, &pop3.DialError{Err: context.Canceled}, failure{codes.Canceled, "", nil}},
		"late":                 {late, fmt.Errorf("wrapped: %w", context.DeadlineExceeded), failure{codes.DeadlineExceeded, "", nil}},
		"lost meanwhile":       {cancelled, lost, failure{codes.Unavailable, "CONNECTION_LOST", nil}},
		"not the caller": {
			context.Background(), &pop3.DialError{Err: context.DeadlineExceeded}, failure{codes.Unavailable, "CONNECT_FAILED", nil},
		},
		"gRPC's own": {cancelled, status.Error(codes.Unavailable, "transport"), failure{codes.Unavailable, "", nil}},
	} {
		st, trailer := statusOf(tt.ctx, tt.err)
		wantFailure(t, name, st.Err(), tt.want)
		if tt.want.reason == "" && !slices.Equal(trailer.Get(pushbackTrailer), []string{"-1"}) {
			t.Errorf("%s: trailer %v", name, trailer)
		}
	}
}
