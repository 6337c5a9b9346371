// Package strictxml reads an XML message that decides who somebody is.
//
// It makes one pass over the tokens of encoding/xml, the tokenizer that etree and goxmldsig use as well, and builds the
// tree itself, so that no second parser can see another document. Everything beyond plain elements, attributes and text
// is refused before the tree exists: document types, processing instructions, CDATA sections, attributes given twice,
// odd names, identifiers hidden behind a prefix, text after the root. The caller's [Limits] bound the rest: deep
// nesting, floods of attributes and namespace declarations cost canonicalization seconds for a few kilobytes.
//
// [Parse] reads a document, [ParseIn] a fragment that was cut out of one, such as a decrypted element. The other
// functions read the tree the same strict way: names with their namespaces, text only where there is nothing but text.
package strictxml
