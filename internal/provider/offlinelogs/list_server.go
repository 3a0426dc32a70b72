package offlinelogs

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

// Long lists do not pass through the framework. It would hold every value of every
// row as an attr.Value and a tftypes.Value, compare them, and encode them one by
// one: for 100,000 rows that is most of the time and of the memory of a read.
//
// Instead, a read leaves a long attribute null and calls setEncoded with a function
// that encodes it. listServer, which wraps the framework's server, then writes the
// encoded attribute into the response. Everything else is the framework's work:
// configuration, validation, diagnostics, timeouts and the other attributes.
//
// The functions are kept in a value that listServer creates for each call and
// passes in the context, because the framework has no other way to pass something
// from a read to the server. It lives as long as the call, so nothing is shared
// between calls or provider instances.

// Server is every part of the protocol that the framework serves. A wrapper must
// not hide the optional parts.
type Server interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// ListServer adds encoded attributes to the responses of the framework's server.
type ListServer struct{ Server }

func (s *ListServer) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	encoded := encodedAttributes{}
	resp, err := s.Server.ReadDataSource(context.WithValue(ctx, encodedKey{}, encoded), req)
	if err == nil && len(encoded) > 0 {
		resp.State, err = encoded.insert(resp.State)
	}
	return resp, err
}

func (s *ListServer) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	encoded := encodedAttributes{}
	resp, err := s.Server.OpenEphemeralResource(context.WithValue(ctx, encodedKey{}, encoded), req)
	if err == nil && len(encoded) > 0 {
		resp.Result, err = encoded.insert(resp.Result)
	}
	return resp, err
}

// encodedAttributes are the attributes of one response that listServer encodes.
type encodedAttributes map[string]encodedAttribute

type encodedAttribute struct {
	size   int // about the length of what encode writes
	encode func(*msgpack.Encoder) error
}

type encodedKey struct{}

// setEncoded sets a root attribute to what encode writes, as msgpack. The value
// must be of the type in the schema.
func setEncoded(ctx context.Context, attribute string, size int, encode func(*msgpack.Encoder) error) diag.Diagnostics {
	encoded, ok := ctx.Value(encodedKey{}).(encodedAttributes)
	if !ok {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to return a list",
			"The server of the provider does not encode lists. This is a bug in the provider: please report it.")}
	}
	encoded[attribute] = encodedAttribute{size, encode}
	return nil
}

// insert replaces attributes of an encoded object.
func (e encodedAttributes) insert(object *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	if object == nil {
		return nil, nil // a response with errors may have no object
	}
	size := len(object.MsgPack)
	for _, attribute := range e {
		size += attribute.size
	}
	out := bytes.NewBuffer(make([]byte, 0, size))
	enc, dec := msgpack.NewEncoder(out), msgpack.NewDecoder(bytes.NewReader(object.MsgPack))
	fields, err := dec.DecodeMapLen()
	if err == nil {
		err = enc.EncodeMapLen(fields)
	}
	inserted := 0
	for range fields {
		if err != nil {
			break
		}
		var replaced bool
		if replaced, err = e.copyField(enc, dec); replaced {
			inserted++
		}
	}
	if err == nil && inserted != len(e) {
		err = errors.New("the schema lacks an attribute that was encoded")
	}
	if err != nil {
		return nil, fmt.Errorf("encoding a list: %w", err)
	}
	return &tfprotov6.DynamicValue{MsgPack: out.Bytes()}, nil
}

// copyField copies one attribute, or writes its replacement.
func (e encodedAttributes) copyField(enc *msgpack.Encoder, dec *msgpack.Decoder) (replaced bool, err error) {
	name, err := dec.DecodeString()
	if err != nil {
		return false, err
	}
	if err := enc.EncodeString(name); err != nil {
		return false, err
	}
	if attribute, ok := e[name]; ok {
		if err := dec.Skip(); err != nil {
			return false, err
		}
		return true, attribute.encode(enc)
	}
	value, err := dec.DecodeRaw()
	if err != nil {
		return false, err
	}
	return false, enc.Encode(value)
}
