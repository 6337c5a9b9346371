// Package strictjson reads one JSON object from a message that decides who somebody is.
//
// encoding/json takes the last of two members with one name, matches names without regard to case, and repairs bad
// UTF-8. Two readers of one message can then see two different users. This package refuses all of that: names given
// twice or differing only in case, at any depth; text after the document; invalid UTF-8, lone surrogates, U+FFFD and
// U+0000; documents beyond the caller's [Limits]. It follows RFC 8259 and the interoperable profile of RFC 7493.
//
// [Parse] makes one pass and about two allocations. Numbers stay the text they were sent as.
package strictjson
