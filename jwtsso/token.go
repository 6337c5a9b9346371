package jwtsso

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// maxToken bounds a token before anything looks into it.
const maxToken = 16 << 10

// The limits of the two documents in a token. A header has three members at most; that more can be read serves to tell
// the reasons for refusing them apart.
func headerLimits() strictjson.Limits {
	return strictjson.Limits{Bytes: maxToken, Depth: 4, Members: 16, Values: 256}
}

func payloadLimits() strictjson.Limits {
	return strictjson.Limits{Bytes: maxToken, Depth: 8, Members: 256, Values: 2048}
}

// strict decodes base64url without padding and refuses set trailing bits. It still passes over line breaks, which
// checkLines refuses.
var strict = base64.RawURLEncoding.Strict()

// token is one token taken apart, its payload still encoded.
type token struct {
	input     []byte // header.payload, as signed
	header    []byte
	payload   []byte // encoded
	signature []byte
	spare     []byte // room for the decoded payload
}

// splitToken takes a token apart. It judges form only, so nothing in it can be believed yet.
func splitToken(text string) (token, error) {
	if err := checkSize(text); err != nil {
		return token{}, err
	}
	if err := checkLines(text); err != nil {
		return token{}, err
	}
	first, last, err := checkSegments(text)
	if err != nil {
		return token{}, err
	}
	room := make([]byte, 2*len(text)) // the token and everything decoded from it
	raw, rest := room[:len(text):len(text)], room[len(text):]
	copy(raw, text)
	t := token{input: raw[:last], payload: raw[first+1 : last]}
	if t.header, rest, err = decodeSegment(rest, raw[:first], "header"); err != nil {
		return token{}, err
	}
	if t.signature, t.spare, err = decodeSegment(rest, raw[last+1:], "signature"); err != nil {
		return token{}, err
	}
	return t, nil
}

// decodePayload is called only after the signature was verified.
func (t token) decodePayload() ([]byte, error) {
	out, _, err := decodeSegment(t.spare, t.payload, "payload")
	return out, err
}

func checkSize(text string) error {
	if len(text) > maxToken {
		return refuse(ErrTokenTooLarge, lmssso.Error{Detail: "the token is too large", Expected: "at most 16384 bytes"})
	}
	return nil
}

// checkLines refuses line breaks. encoding/base64 would pass over them, so one token would have many spellings.
func checkLines(text string) error {
	if strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0 {
		return refuse(ErrEncoding, lmssso.Error{Detail: "the token holds a line break"})
	}
	return nil
}

// checkSegments wants exactly two dots.
func checkSegments(text string) (first, last int, err error) {
	first, last = strings.IndexByte(text, '.'), strings.LastIndexByte(text, '.')
	if first < 0 || first == last || strings.IndexByte(text[first+1:last], '.') >= 0 {
		return 0, 0, refuse(ErrCompact, lmssso.Error{Detail: "the token does not have three segments"})
	}
	return first, last, nil
}

// decodeSegment decodes into the front of room, which is always large enough, and returns what is left of it.
func decodeSegment(room, encoded []byte, name string) (out, rest []byte, err error) {
	n, err := strict.Decode(room, encoded)
	if err != nil {
		return nil, nil, refuse(ErrEncoding, lmssso.Error{Detail: "the " + name + " is not unpadded base64url"})
	}
	return room[:n:n], room[n:], nil
}

// parseObject reads a decoded segment.
func parseObject(doc, name string, lim strictjson.Limits) (strictjson.Object, error) {
	obj, err := strictjson.Parse(doc, lim)
	if err == nil {
		return obj, nil
	}
	return strictjson.Object{}, refuse(jsonReason(err), lmssso.Error{Detail: "the " + name + ": " + err.Error()})
}

func jsonReason(err error) *lmssso.Reason {
	switch {
	case errors.Is(err, strictjson.ErrDuplicate), errors.Is(err, strictjson.ErrCaseCollision):
		return ErrDuplicate
	case errors.Is(err, strictjson.ErrText):
		return ErrText
	case errors.Is(err, strictjson.ErrNotObject):
		return ErrNotObject
	default:
		return ErrJSON
	}
}
