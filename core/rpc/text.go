package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/studycast/studycast/core/job"
)

// readable refuses a request with a NUL in one of its strings, with a
// *job.InvalidError. gRPC itself refuses what is not UTF-8, and NUL is the one
// rune of UTF-8 that PostgreSQL can't keep: https://www.postgresql.org/docs/current/datatype-character.html
func readable(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if err := checkText(req); err != nil {
		return nil, err
	}
	return handle(ctx, req)
}

// readableStream does the same for each message that comes by a stream.
func readableStream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	return handle(srv, readableMessages{ss})
}

type readableMessages struct{ grpc.ServerStream }

// RecvMsg receives a message that can be kept.
func (s readableMessages) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return checkText(m)
}

func checkText(message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return nil
	}
	if path := firstNUL(m.ProtoReflect()); path != "" {
		return &job.InvalidError{Fields: []job.FieldError{{Path: path, Message: "is no text: send UTF-8 without NUL"}}}
	}
	return nil
}

// firstNUL returns the path of a field with a NUL, as "filter.text", or "".
func firstNUL(m protoreflect.Message) (path string) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		below, found := nulIn(f, v)
		if !found {
			return true
		}
		path = string(f.Name())
		if below != "" {
			path += "." + below
		}
		return false
	})
	return path
}

func nulIn(f protoreflect.FieldDescriptor, v protoreflect.Value) (below string, found bool) {
	switch {
	case f.IsMap():
		v.Map().Range(func(k protoreflect.MapKey, value protoreflect.Value) bool {
			found = isNUL(f.MapKey(), k.Value())
			if !found {
				below, found = nulInOne(f.MapValue(), value)
			}
			return !found
		})
		return below, found
	case f.IsList():
		for i := range v.List().Len() {
			if below, found = nulInOne(f, v.List().Get(i)); found {
				return below, true
			}
		}
		return "", false
	}
	return nulInOne(f, v)
}

func nulInOne(f protoreflect.FieldDescriptor, v protoreflect.Value) (below string, found bool) {
	if f.Message() != nil {
		below = firstNUL(v.Message())
		return below, below != ""
	}
	return "", isNUL(f, v)
}

func isNUL(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
	return f.Kind() == protoreflect.StringKind && strings.ContainsRune(v.String(), 0)
}
