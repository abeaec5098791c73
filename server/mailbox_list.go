package server

import (
	"bytes"
	"context"
	"time"

	rfc5322 "github.com/emersion/go-message/mail"
	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

// maxListed is how much one response of ListMessages holds.
const (
	maxListedMessages = 1000
	maxListedOctets   = 1 << 20
)

// ListMessages implements popgate.v1.MailboxService.
func (s *service) ListMessages(req *pb.ListMessagesRequest, stream grpc.ServerStreamingServer[pb.ListMessagesResponse]) error {
	return s.job(stream.Context(), req.GetServer(), req.GetCredentials(), func(ctx context.Context, m *engine.Mailbox) error {
		batch, octets := &pb.ListMessagesResponse{}, 0
		flush := func() error {
			if len(batch.GetMessages()) == 0 {
				return nil
			}
			full := batch
			batch, octets = &pb.ListMessagesResponse{}, 0
			return stream.Send(full)
		}
		listing, err := m.List(ctx, req.GetHeader(), func(item engine.Item, header []byte, refused *pop3.RefusedError) error {
			batch.Messages = append(batch.Messages, listedMessage(item, header, refused))
			octets += len(item.UniqueID) + len(item.Line) + 2*len(header)
			if len(batch.GetMessages()) == maxListedMessages || octets >= maxListedOctets {
				return flush()
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := flush(); err != nil {
			return err
		}
		return stream.Send(&pb.ListMessagesResponse{Summary: &pb.ListSummary{
			Messages: uint32(listing.Len()), Octets: listing.Octets(), Findings: findingsOf(listing.Findings()), //nolint:gosec // 5 million at most
		}})
	})
}

func listedMessage(item engine.Item, header []byte, refused *pop3.RefusedError) *pb.ListedMessage {
	m := &pb.ListedMessage{UniqueId: escape(item.UniqueID), IdKind: kinds[item.Kind], Line: escape(item.Line)}
	if item.Number > 0 {
		m.MessageNumber = &item.Number
	}
	if item.Octets >= 0 {
		m.Octets = &item.Octets
	}
	if header != nil {
		m.Header = headerOf(header)
	}
	if refused != nil {
		m.Failure = failureOf(refused)
	}
	return m
}

var kinds = map[engine.Kind]pb.UniqueIdKind{
	engine.Unique:    pb.UniqueIdKind_UNIQUE_ID_KIND_UNIQUE,
	engine.Duplicate: pb.UniqueIdKind_UNIQUE_ID_KIND_DUPLICATE,
	engine.Missing:   pb.UniqueIdKind_UNIQUE_ID_KIND_MISSING,
}

// headerOf decodes a header. What cannot be decoded is left out: raw has it all.
func headerOf(raw []byte) *pb.MessageHeader {
	h := &pb.MessageHeader{Raw: raw}
	reader, err := rfc5322.CreateReader(bytes.NewReader(raw))
	if reader == nil {
		return h
	}
	_ = err // an unknown charset, which concerns a body that is not here
	if subject, err := reader.Header.Subject(); err == nil {
		h.Subject = escape(subject)
	}
	if date, err := reader.Header.Date(); err == nil && !date.IsZero() {
		h.Date = date.Format(time.RFC3339)
	}
	if id, err := reader.Header.MessageID(); err == nil {
		h.MessageId = escape(id)
	}
	h.Sender = addresses(reader.Header, "From")
	h.Recipients = append(addresses(reader.Header, "To"), addresses(reader.Header, "Cc")...)
	return h
}

func addresses(header rfc5322.Header, name string) (list []string) {
	parsed, err := header.AddressList(name)
	if err != nil {
		return nil
	}
	for _, address := range parsed {
		list = append(list, escape(address.Address))
	}
	return list
}

// findingsOf translates findings.
func findingsOf(found []engine.Finding) (list []pb.Finding) {
	for _, f := range found {
		list = append(list, findings[f])
	}
	return list
}

var findings = map[engine.Finding]pb.Finding{
	engine.UniqueIDsDuplicate: pb.Finding_FINDING_UNIQUE_IDS_DUPLICATE,
	engine.UniqueIDsMissing:   pb.Finding_FINDING_UNIQUE_IDS_MISSING,
	engine.PipeliningBroken:   pb.Finding_FINDING_PIPELINING_BROKEN,
	engine.SizesWrong:         pb.Finding_FINDING_SIZES_WRONG,
	engine.ExpireZero:         pb.Finding_FINDING_EXPIRE_ZERO,
	engine.ListingDamaged:     pb.Finding_FINDING_LISTING_DAMAGED,
	engine.UniqueIDsUnstable:  pb.Finding_FINDING_UNIQUE_IDS_UNSTABLE,
	engine.LoginDelay:         pb.Finding_FINDING_LOGIN_DELAY,

	engine.NameNotFound:           pb.Finding_FINDING_NAME_NOT_FOUND,
	engine.ConnectionRefused:      pb.Finding_FINDING_CONNECTION_REFUSED,
	engine.Unreachable:            pb.Finding_FINDING_UNREACHABLE,
	engine.ServerSilent:           pb.Finding_FINDING_SERVER_SILENT,
	engine.ConnectionLost:         pb.Finding_FINDING_CONNECTION_LOST,
	engine.ProtocolBroken:         pb.Finding_FINDING_PROTOCOL_BROKEN,
	engine.ServiceRefused:         pb.Finding_FINDING_SERVICE_REFUSED,
	engine.StlsMissing:            pb.Finding_FINDING_STLS_MISSING,
	engine.TLSHandshakeFailed:     pb.Finding_FINDING_TLS_HANDSHAKE_FAILED,
	engine.TLSVersionOld:          pb.Finding_FINDING_TLS_VERSION_OLD,
	engine.CertificateExpired:     pb.Finding_FINDING_CERTIFICATE_EXPIRED,
	engine.CertificateExpiresSoon: pb.Finding_FINDING_CERTIFICATE_EXPIRES_SOON,
	engine.CertificateNameWrong:   pb.Finding_FINDING_CERTIFICATE_NAME_WRONG,
	engine.CertificateUntrusted:   pb.Finding_FINDING_CERTIFICATE_UNTRUSTED,
	engine.PlaintextLogin:         pb.Finding_FINDING_PLAINTEXT_LOGIN,
	engine.CapaMissing:            pb.Finding_FINDING_CAPA_MISSING,
	engine.CapaCloses:             pb.Finding_FINDING_CAPA_CLOSES,
	engine.NoMechanism:            pb.Finding_FINDING_NO_MECHANISM,
	engine.LoginRefused:           pb.Finding_FINDING_LOGIN_REFUSED,
	engine.MailboxInUse:           pb.Finding_FINDING_MAILBOX_IN_USE,
	engine.UidlMissing:            pb.Finding_FINDING_UIDL_MISSING,
	engine.TopMissing:             pb.Finding_FINDING_TOP_MISSING,
	engine.TopIgnoresCount:        pb.Finding_FINDING_TOP_IGNORES_COUNT,
	engine.PipeliningMissing:      pb.Finding_FINDING_PIPELINING_MISSING,
}

// failureOf describes a refusal as the status of an RPC would.
func failureOf(refused *pop3.RefusedError) *pb.Failure {
	_, reason, _ := ofCode(refused)
	return &pb.Failure{Reason: reason, Response: escapeShort(refused.Response), ResponseCode: refused.Code}
}
