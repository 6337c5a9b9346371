// Package fetch asks other servers for documents whose addresses come from configuration that is not fully trusted: the
// metadata and discovery addresses of tenants, and the endpoints those documents name.
//
// The zero [Config] talks https to public addresses only. The address is judged when the connection is made, on the
// numbers the name resolved to, and those same numbers are dialled: a name that resolves differently a moment later
// (DNS rebinding) gains nothing. Answers are read whole, within a size and a time. Proxies from the environment are not
// used, because a proxy would do the resolving and the judgement would be about the proxy.
//
// [Flight] runs one fetch for any number of waiters, each of whom may leave without ending it for the others.
//
// The package reads no clock but its requests' deadlines, and keeps no connections open but those of a [Config].KeepOpen.
package fetch
