package attrs_test

import (
	"fmt"

	"github.com/lmssso/lmssso/attrs"
)

// A mapping is data: names of the provider, the first present one winning, with splitting and translation where a
// provider needs it.
func Example() {
	mapper, err := attrs.NewMapper(attrs.Mapping{
		attrs.Email:       attrs.From("mail", "email"),
		attrs.Role:        {From: []string{"realm_access.roles"}, Values: map[string]string{"lms-managers": "client-manager"}},
		attrs.CourseSlugs: {From: []string{"courses"}, Split: ","},
		attrs.LastName:    attrs.From("family_name"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := attrs.FromJSON([]byte(`{
		"email": "ada@example.org",
		"family_name": null,
		"courses": "intro, advanced",
		"realm_access": {"roles": ["offline_access", "lms-managers"]}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := mapper.Apply(in)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set.Get(attrs.Email), set.Get(attrs.Role), set.Get(attrs.CourseSlugs).All())
	fmt.Println("last name:", set.Get(attrs.LastName).State())
	fmt.Println("first name:", set.Get(attrs.FirstName).State())
	fmt.Println("warning:", set.Warnings[0].Text)
	// Output:
	// ada@example.org client-manager [intro advanced]
	// last name: blank
	// first name: absent
	// warning: 1 value not in the mapping's table dropped
}

// What cannot be understood is refused with an error that names the attribute and not what a person's attribute said.
func ExampleParseFlag() {
	on, err := attrs.ParseFlag(attrs.ClearCart, attrs.Text("YES"))
	fmt.Println(on, err)
	_, err = attrs.ParseFlag(attrs.ClearCart, attrs.Text("perhaps"))
	fmt.Println(err)
	// Output:
	// true <nil>
	// attribute-invalid: clearCart: not a flag; expected true, false, 1, 0, yes or no; received a text of 7 characters
}
