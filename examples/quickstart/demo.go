package main

import (
	"fmt"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

// This file is for the demonstration only: it plays the customer's backend, which shares the key and signs its users in.

// demoURL signs in an invented learner.
func demoURL(base string, key lmssso.Secret) (string, error) {
	issuer, err := jwtsso.NewIssuer(jwtsso.IssuerConfig{
		Dialect: jwtsso.ThoughtIndustries(), Endpoint: base, Keys: []lmssso.Secret{key},
	})
	if err != nil {
		return "", err
	}
	return issuer.RedirectURL(jwtsso.Learner{ExternalID: "12345", Email: "bob@example.com"}, jwtsso.RedirectOptions{})
}

// printDemo says where the application is, and prints an address to sign in with. A real backend never shows one: it
// sends the browser there.
func printDemo(base string, key lmssso.Secret) error {
	link, err := demoURL(base, key)
	if err != nil {
		return err
	}
	fmt.Println("quickstart: listening on " + base)
	fmt.Println("Open this to sign in as an invented learner. It works once, within eight minutes; a second try is refused.")
	fmt.Println(link)
	return nil
}
