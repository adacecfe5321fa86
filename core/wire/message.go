package wire

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
)

const (
	// Schema is the version of the message body that EncodeMessage writes.
	// DecodeMessage reads it and every older one.
	Schema = 1
	// MaxMessageBytes bounds the body of a message.
	MaxMessageBytes = 64 << 10
)

// Message is the body of a broker message: enough to read a dead letter by
// itself.
type Message struct {
	ID      job.ID
	Owner   string
	Request job.Request
}

// EncodeMessage returns the body for a job. The same input gives the same
// bytes. A request larger than MaxMessageBytes is a Request fault.
func EncodeMessage(id job.ID, owner string, r job.Request) ([]byte, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(&jobv1.Message{
		Schema:  Schema,
		JobId:   string(id),
		Owner:   owner,
		Request: RequestToProto(r),
	})
	if err != nil {
		return nil, fault.Wrap(fault.Request, err,
			"The request holds text that is not valid UTF-8. Save the text as UTF-8 and send it again.")
	}
	if len(body) > MaxMessageBytes {
		return nil, fault.New(fault.Request,
			"The request is %d bytes long; at most %d fit. Upload a long text as a file instead.", len(body), MaxMessageBytes)
	}
	return body, nil
}

// DecodeMessage reads a body. Anything that no try can help is a Poison fault:
// bytes that are no message, a schema newer than Schema, a kind this version
// does not know, a message without a job.
func DecodeMessage(body []byte) (Message, error) {
	var p jobv1.Message
	if err := proto.Unmarshal(body, &p); err != nil {
		return Message{}, poison(err, "its %d bytes are not a job message", len(body))
	}
	switch {
	case p.GetSchema() == 0:
		return Message{}, poison(nil, "its %d bytes carry no schema version", len(body))
	case p.GetSchema() > Schema:
		return Message{}, poison(nil, "its schema is version %d and this worker reads up to %d: run a newer worker, then replay it",
			p.GetSchema(), Schema)
	case p.GetJobId() == "":
		return Message{}, poison(nil, "it names no job")
	case p.GetRequest() == nil:
		return Message{}, poison(nil, "it carries no request")
	}
	m := Message{ID: job.ID(p.GetJobId()), Owner: p.GetOwner(), Request: RequestFromProto(p.GetRequest())}
	if !m.Request.Kind.Valid() {
		return Message{}, poison(nil, "its kind %.40q is unknown to this worker: run one that knows it, then replay it", string(m.Request.Kind))
	}
	return m, nil
}

func poison(err error, format string, args ...any) error {
	return fault.Wrap(fault.Poison, err, "The message can't be worked on: %s.", fmt.Sprintf(format, args...))
}
