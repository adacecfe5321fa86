package wire_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	_ "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1" // registers its messages, as the others do
	_ "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	_ "github.com/studycast/studycast/proto/gen/studycast/webhook/v1"
	_ "github.com/studycast/studycast/proto/gen/studycast/worker/v1"
)

// What the last release knew of the wire: its descriptors, as `buf build
// --exclude-source-info -o descriptors.binpb` writes them, and a line for every
// message of it, name and bytes, every field filled in.
const (
	releaseDir      = "testdata/release"
	descriptorsFile = "descriptors.binpb"
	messagesFile    = "messages.txt"
)

// release returns the files of the last release.
func release(t *testing.T) *protoregistry.Files {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(releaseDir, descriptorsFile))
	require.NoError(t, err)
	var set descriptorpb.FileDescriptorSet
	require.NoError(t, proto.Unmarshal(raw, &set))
	files, err := protodesc.NewFiles(&set)
	require.NoError(t, err)
	return files
}

// messagesOf lists the messages of Studycast in some files, by name.
func messagesOf(files *protoregistry.Files) (list []protoreflect.MessageDescriptor) {
	var below func(ms protoreflect.MessageDescriptors)
	below = func(ms protoreflect.MessageDescriptors) {
		for i := range ms.Len() {
			if !ms.Get(i).IsMapEntry() {
				list = append(list, ms.Get(i))
				below(ms.Get(i).Messages())
			}
		}
	}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(f.Package()), "studycast.") {
			below(f.Messages())
		}
		return true
	})
	slices.SortFunc(list, func(a, b protoreflect.MessageDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return list
}

// deepest is how far a message is filled that holds itself.
const deepest = 6

// filled makes a message with a value of its own in every field. variant chooses
// among fields of which only one can be set.
func filled(m protoreflect.Message, variant, depth int) protoreflect.Message {
	fields := m.Descriptor().Fields()
	if m.Descriptor().FullName() == "google.protobuf.Any" { // it must name a message
		m.Set(fields.ByName("type_url"), protoreflect.ValueOfString("type.googleapis.com/studycast.job.v1.Job"))
		return m
	}
	for i := range fields.Len() {
		f := fields.Get(i)
		if one := f.ContainingOneof(); one != nil && !one.IsSynthetic() && one.Fields().Get(variant%one.Fields().Len()) != f {
			continue
		}
		if f.Message() != nil && !f.IsMap() && depth >= deepest {
			continue
		}
		switch {
		case f.IsMap():
			value := protoreflect.ValueOfString("value")
			if f.MapValue().Message() != nil {
				value = protoreflect.ValueOfMessage(filled(m.Mutable(f).Map().NewValue().Message(), variant, depth+1))
			} else if f.MapValue().Kind() != protoreflect.StringKind {
				value = scalar(f.MapValue())
			}
			m.Mutable(f).Map().Set(protoreflect.ValueOfString("key").MapKey(), value)
		case f.IsList() && f.Message() != nil:
			filled(m.Mutable(f).List().AppendMutable().Message(), variant, depth+1)
		case f.IsList():
			m.Mutable(f).List().Append(scalar(f))
		case f.Message() != nil:
			filled(m.Mutable(f).Message(), variant, depth+1)
		default:
			m.Set(f, scalar(f))
		}
	}
	return m
}

// scalar is a value by which a field is told from others.
func scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	n := int64(f.Number())
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(values.Len() - 1).Number())
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(fmt.Sprintf("%s-%d", f.Name(), n))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(fmt.Appendf(nil, "%s-%d", f.Name(), n))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(n) + .5)
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(n) + .5)
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(n))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(n)
	case protoreflect.MessageKind, protoreflect.GroupKind:
	}
	return protoreflect.Value{}
}

// variants is how many fillings show every field of a message once.
func variants(d protoreflect.MessageDescriptor) int {
	n := 1
	for i := range d.Oneofs().Len() {
		n = max(n, d.Oneofs().Get(i).Fields().Len())
	}
	return n
}

var deterministic = proto.MarshalOptions{Deterministic: true}

// golden returns the lines of the messages of the last release.
func golden(t *testing.T) (lines []string) {
	t.Helper()
	for _, d := range messagesOf(release(t)) {
		for v := range variants(d) {
			bytes, err := deterministic.Marshal(filled(dynamicpb.NewMessage(d), v, 0).Interface())
			require.NoError(t, err)
			lines = append(lines, strings.TrimSpace(string(d.FullName())+" "+base64.StdEncoding.EncodeToString(bytes)))
		}
	}
	return lines
}

// TestReleaseMessages: today's programs read every message of the last release
// whole, and what they write of it reads the same there.
func TestReleaseMessages(t *testing.T) {
	t.Parallel()
	path := filepath.Join(releaseDir, messagesFile)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(golden(t), "\n")+"\n"), 0o600))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	files, known := release(t), map[protoreflect.FullName]bool{}
	for line := range strings.Lines(string(text)) {
		name, encoded, _ := strings.Cut(strings.TrimSpace(line), " ")
		known[protoreflect.FullName(name)] = true
		bytes, err := base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
		d, err := files.FindDescriptorByName(protoreflect.FullName(name))
		require.NoError(t, err)
		then := dynamicpb.NewMessage(d.(protoreflect.MessageDescriptor))
		require.NoError(t, proto.Unmarshal(bytes, then))

		kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
		require.NoError(t, err, "a neighbour still sends %s", name)
		now := kind.New().Interface()
		require.NoError(t, proto.Unmarshal(bytes, now), name)
		requireSame(t, then, now, name)
		back, err := proto.Marshal(now)
		require.NoError(t, err)
		again := dynamicpb.NewMessage(then.Descriptor())
		require.NoError(t, proto.Unmarshal(back, again), name)
		require.True(t, proto.Equal(then, again), name)
	}
	require.Greater(t, len(known), 100)
	require.Len(t, known, len(messagesOf(files)))
}

// requireSame compares by the names of fields, which the messages of two versions
// share; a field that only one knows would be missing from the other.
func requireSame(t *testing.T, then, now proto.Message, name string) {
	t.Helper()
	names := protojson.MarshalOptions{UseProtoNames: true}
	want, err := names.Marshal(then)
	require.NoError(t, err, name)
	got, err := names.Marshal(now)
	require.NoError(t, err, name)
	require.JSONEq(t, string(want), string(got), name)
}

// TestMessagesOfTodayPassTheLastRelease: its programs read every message of
// today and lose nothing of what they pass on.
func TestMessagesOfTodayPassTheLastRelease(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, d := range messagesOf(release(t)) {
		kind, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
		require.NoError(t, err)
		for v := range variants(kind.Descriptor()) {
			now := filled(kind.New(), v, 0).Interface()
			bytes, err := proto.Marshal(now)
			require.NoError(t, err)
			then := dynamicpb.NewMessage(d)
			require.NoError(t, proto.Unmarshal(bytes, then), d.FullName())
			passed, err := proto.Marshal(then)
			require.NoError(t, err)
			back := kind.New().Interface()
			require.NoError(t, proto.Unmarshal(passed, back))
			require.True(t, proto.Equal(now, back), d.FullName())
			seen++
		}
	}
	require.Greater(t, seen, 100)
}

// TestReleaseMethods: what a program of the last release calls is still there.
func TestReleaseMethods(t *testing.T) {
	t.Parallel()
	methods := 0
	release(t).RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			then := f.Services().Get(i)
			d, err := protoregistry.GlobalFiles.FindDescriptorByName(then.FullName())
			require.NoError(t, err)
			for j := range then.Methods().Len() {
				was := then.Methods().Get(j)
				is := d.(protoreflect.ServiceDescriptor).Methods().ByName(was.Name())
				require.NotNil(t, is, was.FullName())
				require.Equal(t,
					[]any{was.Input().FullName(), was.Output().FullName(), was.IsStreamingClient(), was.IsStreamingServer()},
					[]any{is.Input().FullName(), is.Output().FullName(), is.IsStreamingClient(), is.IsStreamingServer()}, was.FullName())
				methods++
			}
		}
		return true
	})
	require.Greater(t, methods, 30)
}
