package main

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// readSample reads the sample mailbox through the gateway, as any client would, and tells what it found.
func readSample(ctx context.Context, w io.Writer, address, mailbox string) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is lost
	client := pb.NewPop3ServiceClient(conn)
	host, port, err := net.SplitHostPort(mailbox)
	if err != nil {
		return err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return err
	}
	opened, err := client.OpenSession(ctx, &pb.OpenSessionRequest{Server: &pb.Server{
		Host: host, Port: new(uint32(number)), Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT},
	}})
	if err != nil {
		return err
	}
	id := opened.GetSessionId()
	defer client.CloseSession(ctx, &pb.CloseSessionRequest{SessionId: id}) //nolint:errcheck // it ends with the gateway anyway
	if _, err := client.User(ctx, &pb.UserRequest{SessionId: id, Username: demoUser}); err != nil {
		return err
	}
	if _, err := client.Pass(ctx, &pb.PassRequest{SessionId: id, Password: demoPassword}); err != nil {
		return err
	}
	stat, err := client.Stat(ctx, &pb.StatRequest{SessionId: id})
	if err != nil {
		return err
	}
	for n := uint32(1); n <= stat.GetMessageCount(); n++ {
		octets, err := retrieve(ctx, client, id, n)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "read message %d: %d octets, CRC-32 agrees\n", n, octets); err != nil {
			return err
		}
	}
	return nil
}

// retrieve reads a message to its end and checks it.
func retrieve(ctx context.Context, client pb.Pop3ServiceClient, id string, number uint32) (int64, error) {
	stream, err := client.Retr(ctx, &pb.RetrRequest{SessionId: id, MessageNumber: number})
	if err != nil {
		return 0, err
	}
	sum := crc32.NewIEEE()
	var octets int64
	var last *pb.RetrResponse
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		octets += int64(len(part.GetData()))
		_, _ = sum.Write(part.GetData()) // a hash takes everything
		last = part
	}
	if last.GetOctets() != octets || last.GetCrc32() != sum.Sum32() {
		return 0, fmt.Errorf("message %d arrived damaged", number)
	}
	return octets, nil
}
