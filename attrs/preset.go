package attrs

// Preset is what is known about one kind of identity provider: how it names its attributes, and which settings its
// habits call for. It is a starting point; a connection's own mapping goes over it with [Mapping.Over].
type Preset struct {
	// Name is the preset's name in configuration, such as "okta".
	Name string
	// Title is the provider's name for people.
	Title string
	// Protocol is the protocol it is for: "jwt", "saml" or "oidc".
	Protocol string
	// Mapping names the attributes as the provider sends them unless its administrator changed that.
	Mapping Mapping
	// Quirks tell an administrator, a sentence each, what to expect from the provider and what to set there.
	Quirks []string
	// Options are connection settings the provider needs, by their configuration names, such as
	// "allowUnspecifiedNameID": "true". The protocol's package reads them and refuses those it does not know.
	Options map[string]string
}
