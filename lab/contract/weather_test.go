//go:build linux

package contract

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// silence is the weather in which no call is ever answered.
const silence = codes.OK

// weather is what the calls of a gateway to the services behind it meet.
type weather struct{ now atomic.Pointer[codes.Code] }

// be answers every call by a code from now on, or none by silence.
func (w *weather) be(c codes.Code) { w.now.Store(&c) }

// clear lets calls through.
func (w *weather) clear() { w.now.Store(nil) }

// between opens a port of the loopback that leads to a gRPC server, through the
// weather. The messages pass as they are.
func (w *weather) between(target string) (address string, stop func() error, err error) {
	to, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(asItIs{}), grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return "", nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, errors.Join(err, to.Close())
	}
	s := grpc.NewServer(grpc.ForceServerCodecV2(asItIs{}), grpc.MaxRecvMsgSize(maxMessage),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}), // as the services
		grpc.UnknownServiceHandler(func(_ any, in grpc.ServerStream) error { return w.pass(in, to) }))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	return l.Addr().String(), func() error {
		s.Stop()
		return errors.Join(<-ended, to.Close())
	}, nil
}

// maxMessage is more than any program sends.
const maxMessage = 64 << 20

// backstage reports whether a method is called for nobody's request: without
// these a gateway would take no work at all.
func backstage(method string) bool {
	return strings.Contains(method, "Outbox") || strings.Contains(method, "Claim") || strings.Contains(method, "grpc.health")
}

func (w *weather) pass(in grpc.ServerStream, to *grpc.ClientConn) error {
	method, _ := grpc.MethodFromServerStream(in)
	if c := w.now.Load(); c != nil && !backstage(method) {
		if *c == silence {
			<-in.Context().Done()
			return status.FromContextError(in.Context().Err()).Err()
		}
		return status.Error(*c, "the weather is bad")
	}
	ctx, cancel := context.WithCancel(in.Context())
	defer cancel()
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, md)
	}
	out, err := to.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	go func() {
		if errors.Is(carry(in.RecvMsg, out.SendMsg), io.EOF) {
			_ = out.CloseSend()
		}
	}()
	if md, err := out.Header(); err == nil {
		if err := in.SetHeader(md); err != nil {
			return err
		}
	}
	err = carry(out.RecvMsg, in.SendMsg)
	in.SetTrailer(out.Trailer())
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// carry takes messages from one side to the other until one of them ends, and
// always returns an error.
func carry(from, to func(any) error) error {
	for {
		var message []byte
		if err := from(&message); err != nil {
			return err
		}
		if err := to(&message); err != nil {
			return err
		}
	}
}

// asItIs is the codec of messages that nobody looks into.
type asItIs struct{}

func (asItIs) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (asItIs) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (asItIs) Name() string { return "proto" }
