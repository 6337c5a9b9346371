// Package oidctest runs an OpenID provider on loopback, for testing an application's sign-in by OpenID Connect against good
// answers and against every known kind of bad one.
//
// The flow: [NewProvider] starts the provider, or [Thinkific] one with Thinkific's manners. The application is told of it by
// [Provider].WellKnown, and it of the application by [Provider.Register]. [Provider.SetUser] says who signs in. Then
// [Provider.SignIn] plays the browser from the application's login address to its last page: it follows redirects, submits
// forms that carry answers, and hands fragments on as the application's page would. [Faults] lists what can be wrong with
// what a provider says:
//
//	for _, fault := range oidctest.Faults() {
//		if !fault.Applies("code") {
//			continue
//		}
//		p.SetFaults(fault)
//		resp := p.SignIn(p.Client(), app.URL+"/login")
//		// the application must not have signed anybody in
//	}
//
// [Variations] lists how lawful providers differ; with each, the application must sign the user in. [Provider.Logout] sends a
// logout token, and [LogoutFaults] lists what can be wrong with one. [Provider.RotateKeys] changes the keys.
//
// Everything is http on loopback, with keys that are made anew in each process: this is no provider for real users.
package oidctest
