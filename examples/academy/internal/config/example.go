package config

import (
	"bytes"
	_ "embed" // the commented example
	"fmt"
	"text/template"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

//go:embed example.json.tmpl
var exampleText string

var exampleTemplate = template.Must(template.New("example").Parse(exampleText))

// ExampleConnections returns the ids of the example's JWT connections.
func ExampleConnections() []string { return []string{"main-ti", "main-thinkific", "acme-jwt"} }

// ExampleSecrets returns the ids of the example's connections that share a key or a secret with their provider, for which
// [Example] takes them.
func ExampleSecrets() []string {
	return append(ExampleConnections(), "main-oidc", "hooli-oidc", "vandelay-oidc")
}

// Example returns a commented configuration that Parse accepts, with the keys given by connection id. A connection
// without one gets a new random key: no key is ever printed twice.
func Example(baseURL, store string, keys map[string]lmssso.Secret) ([]byte, error) {
	texts := map[string]string{}
	for _, id := range ExampleSecrets() {
		key, ok := keys[id]
		if !ok {
			key = jwtsso.GenerateKey()
		}
		texts[id] = string(key)
	}
	var b bytes.Buffer
	err := exampleTemplate.Execute(&b, map[string]any{"BaseURL": baseURL, "Store": store, "Keys": texts})
	if err != nil {
		return nil, fmt.Errorf("the example configuration: %w", err)
	}
	return b.Bytes(), nil
}
