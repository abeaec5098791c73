package server

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// Capa implements popgate.v1.Pop3Service.
func (s *service) Capa(ctx context.Context, _ *pb.CapaRequest) (*pb.CapaResponse, error) {
	var resp *pb.CapaResponse
	err := sessionOf(ctx).run(ctx, func(ctx context.Context, c *pop3.Client) error {
		capabilities, response, err := c.Capa(ctx)
		resp = capaOf(response, capabilities)
		return err
	})
	return resp, err
}

// capaOf translates capabilities.
func capaOf(response string, capabilities []pop3.Capability) *pb.CapaResponse {
	resp := &pb.CapaResponse{Response: escape(response), Extensions: extensionsOf(pop3.ExtensionsOf(capabilities))}
	for _, capability := range capabilities {
		item := &pb.Capability{Line: escape(capability.Line), Name: escape(capability.Name)}
		for _, arg := range capability.Args {
			item.Arguments = append(item.Arguments, escape(arg))
		}
		resp.Capabilities = append(resp.Capabilities, item)
	}
	return resp
}

// extensionsOf translates what capabilities mean.
func extensionsOf(e pop3.Extensions) *pb.Extensions {
	out := &pb.Extensions{
		Top: e.Top, Uidl: e.Uidl, User: e.User, Stls: e.Stls, RespCodes: e.RespCodes, AuthRespCode: e.AuthRespCode,
		Pipelining: e.Pipelining, Utf8: e.Utf8, Utf8User: e.Utf8User, Lang: e.Lang,
		LoginDelayByUser: e.LoginDelayByUser, Implementation: escape(e.Implementation),
	}
	for _, name := range e.SASL {
		out.SaslMechanisms = append(out.SaslMechanisms, escape(name))
	}
	if e.LoginDelay > 0 {
		out.LoginDelay = durationpb.New(e.LoginDelay)
	}
	out.Expire = expireOf(e.Expire)
	return out
}

// expireOf translates how long a server keeps messages, nil where it does not say.
func expireOf(e *pop3.Expire) *pb.Expire {
	if e == nil {
		return nil
	}
	return &pb.Expire{Never: e.Never, Days: e.Days, ByUser: e.ByUser}
}

// Utf8 implements popgate.v1.Pop3Service.
func (s *service) Utf8(ctx context.Context, _ *pb.Utf8Request) (*pb.Utf8Response, error) {
	response, err := simple(ctx, (*pop3.Client).Utf8)
	return &pb.Utf8Response{Response: response}, err
}

// Lang implements popgate.v1.Pop3Service.
func (s *service) Lang(ctx context.Context, req *pb.LangRequest) (*pb.LangResponse, error) {
	resp := &pb.LangResponse{}
	err := sessionOf(ctx).run(ctx, func(ctx context.Context, c *pop3.Client) error {
		if req.Tag != nil {
			response, err := c.Lang(ctx, req.GetTag())
			resp.Response = escape(response)
			return err
		}
		languages, response, err := c.Languages(ctx)
		resp.Response = escape(response)
		for _, l := range languages {
			resp.Languages = append(resp.Languages, &pb.Language{
				Line: escape(l.Line), Tag: escape(l.Tag), Description: escape(l.Description),
			})
		}
		return err
	})
	return resp, err
}

// simple runs a command of which only the status line counts.
func simple(ctx context.Context, command func(*pop3.Client, context.Context) (string, error)) (string, error) {
	var response string
	err := sessionOf(ctx).run(ctx, func(ctx context.Context, c *pop3.Client) (err error) {
		response, err = command(c, ctx)
		return err
	})
	return escape(response), err
}
