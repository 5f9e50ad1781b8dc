package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const deltaMethod = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"

// frame is one gRPC message, undecoded.
type frame struct{ bytes []byte }

type frameCodec struct{}

func (frameCodec) Name() string { return "proto" }

func (frameCodec) Marshal(value any) (mem.BufferSlice, error) {
	message, ok := value.(*frame)
	if !ok {
		return nil, fmt.Errorf("not a frame: %T", value)
	}
	return mem.BufferSlice{mem.SliceBuffer(message.bytes)}, nil
}

func (frameCodec) Unmarshal(data mem.BufferSlice, value any) error {
	message, ok := value.(*frame)
	if !ok {
		return fmt.Errorf("not a frame: %T", value)
	}
	message.bytes = data.Materialize()
	return nil
}

// newProxy is a gRPC server that passes every stream of every service to `controlPlane`.
func newProxy(controlPlane string) (*grpc.Server, error) {
	connection, err := grpc.NewClient("passthrough:///"+controlPlane,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodecV2(frameCodec{}),
			grpc.MaxCallRecvMsgSize(math.MaxInt32),
			grpc.MaxCallSendMsgSize(math.MaxInt32),
		))
	if err != nil {
		return nil, fmt.Errorf("connect to Pomerium's control plane at %s: %w", controlPlane, err)
	}
	return grpc.NewServer(
		grpc.ForceServerCodecV2(frameCodec{}),
		grpc.MaxRecvMsgSize(math.MaxInt32),
		grpc.MaxSendMsgSize(math.MaxInt32),
		grpc.UnknownServiceHandler(func(_ any, downstream grpc.ServerStream) error {
			return pass(connection, downstream)
		}),
	), nil
}

func pass(connection *grpc.ClientConn, downstream grpc.ServerStream) error {
	method, ok := grpc.MethodFromServerStream(downstream)
	if !ok {
		return status.Error(codes.Internal, "stream without a method")
	}
	ctx, cancel := context.WithCancel(downstream.Context())
	defer cancel()
	if sent, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, sent.Copy())
	}
	description := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	upstream, err := grpc.NewClientStream(ctx, description, connection, method)
	if err != nil {
		return err
	}

	go func() {
		for {
			var message frame
			if err := downstream.RecvMsg(&message); err != nil {
				if errors.Is(err, io.EOF) {
					_ = upstream.CloseSend()
				} else {
					cancel()
				}
				return
			}
			if err := upstream.SendMsg(&message); err != nil {
				return // the receiving side learns the status
			}
		}
	}()

	// A stream may end with trailers only: then there are no headers to hand on.
	if headers, err := upstream.Header(); err == nil && len(headers) > 0 {
		if err := downstream.SendHeader(headers); err != nil {
			return err
		}
	}
	for {
		var message frame
		if err := upstream.RecvMsg(&message); err != nil {
			downstream.SetTrailer(upstream.Trailer())
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if method == deltaMethod {
			if message.bytes, err = adaptAnswer(message.bytes); err != nil {
				return status.Error(codes.Internal, err.Error())
			}
		}
		if err := downstream.SendMsg(&message); err != nil {
			return err
		}
	}
}
