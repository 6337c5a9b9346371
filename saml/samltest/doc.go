// Package samltest runs a SAML 2.0 identity provider on loopback, for testing an application's sign-in by SAML against good
// answers and against every known kind of bad one.
//
// The flow: [NewIdP] starts the provider. The application is told of it by [IdP.Metadata] or [IdP.MetadataURL], and it of
// the application by [IdP.RegisterMetadata] or [IdP.Register]. [IdP.SetUser] says who signs in. Then either [IdP.SignIn]
// plays the browser from the application's login address to its last page, or [IdP.Request] and [IdP.Respond] make the form
// fields for the test to post itself. [Faults] lists what can be wrong with an answer:
//
//	for _, fault := range samltest.Faults() {
//		t.Run(string(fault), func(t *testing.T) {
//			idp := samltest.NewIdP(t)
//			app := startApp(t, idp.Metadata())
//			idp.RegisterMetadata(app.Metadata())
//			idp.SetFaults(fault)
//			resp := idp.SignIn(idp.Client(), app.URL+"/access/saml/login")
//			// the application must not have signed anybody in
//		})
//	}
//
// The provider's messages are built from the standards and share no code with a service provider. It protects nothing:
// whoever asks is signed in.
package samltest
