package saml

import "github.com/lmssso/lmssso"

const noMetadata = "What your identity provider says about itself cannot be used at the moment."

// The reasons an identity provider's metadata is not used. They share the code discovery.
var (
	// ErrMetadataFetch refuses metadata that could not be fetched or read from its file.
	ErrMetadataFetch = lmssso.NewReason("discovery", 502, noMetadata, "Open the metadata's address from this machine; it must be https on a public address and at most 8 MB.")
	// ErrMetadataXML refuses what is not a metadata document, or is beyond its limits.
	ErrMetadataXML = lmssso.NewReason("discovery", 502, noMetadata, "The address must answer with SAML 2.0 metadata: an EntityDescriptor or an EntitiesDescriptor.")
	// ErrMetadataEntity refuses a document that does not describe the provider, or describes it twice.
	ErrMetadataEntity = lmssso.NewReason("discovery", 502, noMetadata, "Compare the entity id the connection names with the one in the metadata, to the letter; with several in a document one must be named.")
	// ErrMetadataRole refuses an entity that is no SAML 2.0 identity provider.
	ErrMetadataRole = lmssso.NewReason("discovery", 502, noMetadata, "Use the identity provider's metadata, not a service provider's; it holds an IDPSSODescriptor for SAML 2.0.")
	// ErrMetadataKey refuses a provider without a certificate to verify its signatures with.
	ErrMetadataKey = lmssso.NewReason("discovery", 502, noMetadata, "The metadata must hold an X509Certificate with an RSA or ECDSA key, for signing or without a use.")
	// ErrMetadataEndpoint refuses a provider without a usable address to send users to.
	ErrMetadataEndpoint = lmssso.NewReason("discovery", 502, noMetadata, "The metadata must name an https SingleSignOnService for HTTP-Redirect or HTTP-POST.")
	// ErrMetadataExpired refuses metadata past its validUntil.
	ErrMetadataExpired = lmssso.NewReason("discovery", 502, noMetadata, "Fetch the metadata anew; its publisher says until when it may be used.")
	// ErrMetadataUnsigned refuses metadata without a signature where there must be one.
	ErrMetadataUnsigned = lmssso.NewReason("discovery", 502, noMetadata, "Configure the federation's metadata-signing certificate; the document must be signed as a whole or in the entity's own element.")
	// ErrMetadataSignature refuses metadata whose signature none of the configured certificates made.
	ErrMetadataSignature = lmssso.NewReason("discovery", 502, noMetadata, "Compare the metadata-signing certificate with the federation's, by its fingerprint on the federation's own page.")

	// ErrCertificate refuses a text that is not certificates, and ErrKeyPair a key that cannot be used.
	ErrCertificate = lmssso.NewReason("configuration", 503, "Signing in is not set up correctly on this site.", "Paste the certificate as PEM or as its base64 text; not the private key, and not a fingerprint.")
	ErrKeyPair     = lmssso.NewReason("configuration", 503, "Signing in is not set up correctly on this site.", "Use a PEM file with an unencrypted RSA key of 2048 bits or more, or an ECDSA key, and the certificate made for it.")
)
