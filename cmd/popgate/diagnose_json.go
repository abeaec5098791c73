package main

import (
	"encoding/json"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
)

// jsonDiagnosis prints one object a look.
type jsonDiagnosis struct{ w io.Writer }

// jsonLook is a look as an object. One of Report and Error is there.
type jsonLook struct {
	Host   string          `json:"host"`
	Port   uint32          `json:"port"`
	Mode   string          `json:"mode"`
	Login  bool            `json:"login"`
	Report json.RawMessage `json:"report,omitempty"`
	Error  string          `json:"error,omitempty"`
}

func (j *jsonDiagnosis) look(l *look) error {
	out := jsonLook{
		Host: l.server.GetHost(), Port: serverPort(l.server), Mode: strings.TrimPrefix(l.mode().String(), "TLS_MODE_"), Login: l.user != "",
	}
	if l.err != nil {
		out.Error = l.err.Error()
	} else {
		var err error
		if out.Report, err = (protojson.MarshalOptions{UseProtoNames: true}).Marshal(l.report); err != nil {
			return err
		}
	}
	encoder := json.NewEncoder(j.w) // which brings protobuf's white space, of which nothing is promised, into one form
	encoder.SetEscapeHTML(false)
	return encoder.Encode(out)
}

func (*jsonDiagnosis) verdict(*look) error { return nil }
