package main

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// requestMessage is a request.
type requestMessage interface{ ProtoReflect() protoreflect.Message }

// shownOctets is how long a value may be that is shown, in octets.
const shownOctets = 80

// describe returns the fields of a request for a person, without secrets and the session's id, which is one.
func describe(m protoreflect.Message) string {
	var fields []string
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		if m.Has(f) && f.Name() != "session_id" {
			fields = append(fields, string(f.Name())+":"+describeField(f, m.Get(f)))
		}
	}
	return strings.Join(fields, " ")
}

func describeField(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	options, _ := f.Options().(*descriptorpb.FieldOptions)
	switch {
	case options.GetDebugRedact():
		return hidden
	case f.IsList():
		return fmt.Sprintf("[%d]", v.List().Len())
	case f.Kind() == protoreflect.MessageKind:
		return "{" + describe(v.Message()) + "}"
	case f.Kind() == protoreflect.EnumKind:
		return string(f.Enum().Values().ByNumber(v.Enum()).Name())
	case len(v.String()) > shownOctets:
		return fmt.Sprintf("(%d octets)", len(v.String()))
	case f.Kind() == protoreflect.StringKind:
		return strconv.Quote(v.String())
	}
	return v.String()
}
