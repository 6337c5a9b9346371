package strictxml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso/internal/strictxml"
	"github.com/stretchr/testify/require"
)

func limits() strictxml.Limits {
	return strictxml.Limits{Bytes: 1 << 16, Elements: 100, Depth: 10, Attributes: 8, Namespaces: 8, Text: 1000, Long: "Long"}
}

func TestFaults(t *testing.T) {
	for doc, fault := range map[string]error{
		"<x:b xmlns:x='u'></b>":                 strictxml.ErrSyntax,
		"<a/>" + strings.Repeat(" ", 1<<16):     strictxml.ErrTooLarge,
		"":                                      strictxml.ErrSyntax,
		"text":                                  strictxml.ErrRoot,
		"<a>":                                   strictxml.ErrSyntax,
		"<a></b>":                               strictxml.ErrSyntax,
		"</a>":                                  strictxml.ErrSyntax,
		"<a":                                    strictxml.ErrSyntax,
		"<":                                     strictxml.ErrSyntax,
		"<a/><b/>":                              strictxml.ErrRoot,
		"<a/>x":                                 strictxml.ErrRoot,
		"x<a/>":                                 strictxml.ErrRoot,
		"<!DOCTYPE a><a/>":                      strictxml.ErrDTD,
		"<a><!ENTITY x 'y'></a>":                strictxml.ErrDTD,
		"<!doctype a [<!-- x -->]><a/>":         strictxml.ErrDTD,
		"<a><?pi?></a>":                         strictxml.ErrPI,
		"<?xml version='1.0'?><?pi?><a/>":       strictxml.ErrPI,
		" <?xml version='1.0'?><a/>":            strictxml.ErrPI,
		"<?xml version='1.1'?><a/>":             strictxml.ErrSyntax,
		"<?xml encoding='utf-8'?><a/>":          strictxml.ErrSyntax,
		"<?xml version='1.0' encoding='x'?><a>": strictxml.ErrSyntax,
		"<?xml version='1.0' a='b'?><a/>":       strictxml.ErrSyntax,
		"<a><!-- x --></a>":                     strictxml.ErrComment,
		"<a/><!-- x -->":                        strictxml.ErrComment,
		"<a><![CDATA[x]]></a>":                  strictxml.ErrCDATA,
		"<a b='1' b='2'/>":                      strictxml.ErrAttribute,
		"<a xmlns='u' xmlns='v'/>":              strictxml.ErrAttribute,
		"<a xmlns:x='u' xmlns:x='v'/>":          strictxml.ErrAttribute,
		"<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>": strictxml.ErrAttribute,
		"<a:/>":                         strictxml.ErrName,
		"<:a/>":                         strictxml.ErrName,
		"<a b:='1'/>":                   strictxml.ErrName,
		"<a :b='1'/>":                   strictxml.ErrName,
		"<a xmlns:='u'/>":               strictxml.ErrName,
		"<xmlns:a/>":                    strictxml.ErrName,
		"<a:b:c/>":                      strictxml.ErrSyntax,
		"<x:a/>":                        strictxml.ErrNamespace,
		"<a x:b=''/>":                   strictxml.ErrNamespace,
		"<a><b xmlns:x='u'/><x:c/></a>": strictxml.ErrNamespace,
		"<a xmlns:x=''/>":               strictxml.ErrNamespace,
		"<a xmlns:xml='u'/>":            strictxml.ErrNamespace,
		"<a xmlns:xmlns='u'/>":          strictxml.ErrNamespace,
		"<a xmlns:x='http://www.w3.org/2000/xmlns/'/>":      strictxml.ErrNamespace,
		"<a xmlns='http://www.w3.org/XML/1998/namespace'/>": strictxml.ErrNamespace,
		"<a xml:id='1'/>":           strictxml.ErrID,
		"<a xmlns:x='u' x:iD='1'/>": strictxml.ErrID,
		"<a ID='1'><b Id='1'/></a>": strictxml.ErrSameID,
		"<a id='1'><b ID='1'/></a>": strictxml.ErrSameID,
		"<a>&nope;</a>":             strictxml.ErrSyntax,
		"<a>&#0;</a>":               strictxml.ErrSyntax,
		"<a>\x00</a>":               strictxml.ErrSyntax,
		"<a>\xff</a>":               strictxml.ErrSyntax,
		"<a b=c/>":                  strictxml.ErrSyntax,
		"<a b='<'/>":                strictxml.ErrSyntax,
		"<a>]]></a>":                strictxml.ErrSyntax,
		"\ufeff<a/>":                strictxml.ErrRoot,
		"<a>" + strings.Repeat(" ", 1<<16) + "</a>":            strictxml.ErrTooLarge,
		strings.Repeat("<a>", 11) + strings.Repeat("</a>", 11): strictxml.ErrTooLarge,
		"<a>" + strings.Repeat("<a/>", 100) + "</a>":           strictxml.ErrTooLarge,
		"<a a='' b='' c='' d='' e='' f='' g='' h='' i=''/>":    strictxml.ErrTooLarge,
		"<a xmlns:a='u' xmlns:b='u' xmlns:c='u' xmlns:d='u'><b xmlns:a='u' xmlns:b='u' xmlns:c='u' xmlns:d='u' xmlns:e='u'/></a>": strictxml.ErrTooLarge,
		"<a>" + strings.Repeat("x", 1001) + "</a>":                                    strictxml.ErrTooLarge,
		"<a>" + strings.Repeat("x", 600) + "<b/>" + strings.Repeat("x", 600) + "</a>": strictxml.ErrTooLarge,
		"<a b='" + strings.Repeat("x", 1001) + "'/>":                                  strictxml.ErrTooLarge,
	} {
		name := doc
		if len(name) > 60 {
			name = name[:60]
		}
		t.Run(name, func(t *testing.T) {
			root, err := strictxml.Parse([]byte(doc), limits())
			require.Nil(t, root)
			require.ErrorIs(t, err, fault)
			var e *strictxml.Error
			require.ErrorAs(t, err, &e)
			require.Less(t, len(err.Error()), 120, "it repeats the document")
		})
	}
}

func TestTreeOfAGoodDocument(t *testing.T) {
	const doc = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<p:a xmlns:p="u" xmlns="d" ID="1" p:k="v"><b>x&amp;y</b><c xmlns=""><d/></c><p:e> </p:e></p:a>` + "\n"
	root, err := strictxml.Parse([]byte(doc), limits())
	require.NoError(t, err)
	require.True(t, strictxml.Is(root, "u", "a"))
	children := strictxml.Children(root)
	require.Len(t, children, 3)
	require.True(t, strictxml.Is(children[0], "d", "b"))
	require.True(t, strictxml.Is(children[1], "", "c"))
	require.True(t, strictxml.Is(strictxml.Children(children[1])[0], "", "d"))
	require.True(t, strictxml.Is(children[2], "u", "e"))
	text, ok := strictxml.Text(children[0])
	require.True(t, ok)
	require.Equal(t, "x&y", text)
	_, ok = strictxml.Text(root)
	require.False(t, ok)
	require.True(t, strictxml.OnlyElements(root))
	require.False(t, strictxml.OnlyElements(children[0]))
	value, ok := strictxml.Attr(root, "ID")
	require.True(t, ok)
	require.Equal(t, "1", value)
	_, ok = strictxml.Attr(root, "k")
	require.False(t, ok, "an attribute with a prefix is another attribute")
	value, ok = strictxml.AttrNS(root, "u", "k")
	require.True(t, ok)
	require.Equal(t, "v", value)
}

func TestLongTextWhereItIsNamed(t *testing.T) {
	_, err := strictxml.Parse([]byte("<a><Long>"+strings.Repeat("x", 5000)+"</Long></a>"), limits())
	require.NoError(t, err)
}

func TestCommentsCanBeDropped(t *testing.T) {
	lim := limits()
	lim.DropComments = true
	root, err := strictxml.Parse([]byte("<!-- <!DOCTYPE x> --><a>one<!-- <b/> -->two</a><!---->"), lim)
	require.NoError(t, err)
	text, ok := strictxml.Text(root)
	require.True(t, ok)
	require.Equal(t, "onetwo", text, "text is read whole, not up to the comment")
	for _, doc := range []string{"<!--> <!DOCTYPE a> --><a/>", "<a><!-- x</a>", "<a><!-- x --><![CDATA[y]]></a>"} {
		_, err := strictxml.Parse([]byte(doc), lim)
		require.Error(t, err, doc)
	}
}

func TestAFragmentStandsInItsScope(t *testing.T) {
	outer, err := strictxml.Parse([]byte(`<p:a xmlns:p="u" xmlns:q="old"><b xmlns:q="w" xmlns="d"/></p:a>`), limits())
	require.NoError(t, err)
	scope := strictxml.Children(outer)[0]
	got, err := strictxml.ParseIn([]byte(`<p:x q:k="v" xmlns:p="own"><y/></p:x>`), limits(), scope)
	require.NoError(t, err)
	require.True(t, strictxml.Is(got, "own", "x"), "its own declaration goes first")
	value, ok := strictxml.AttrNS(got, "w", "k")
	require.True(t, ok)
	require.Equal(t, "v", value)
	require.True(t, strictxml.Is(strictxml.Children(got)[0], "d", "y"))
	alone := strictxml.Detach(scope)
	require.True(t, strictxml.Is(alone, "d", "b"))
	require.Equal(t, "u", strictxml.Namespace(&etree.Element{Space: "p", Attr: alone.Attr}))
}

func TestWorkIsBoundedBeforeTheTreeExists(t *testing.T) {
	var attributes, declarations strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&attributes, ` a%d=""`, i)
		fmt.Fprintf(&declarations, ` xmlns:a%d="u%d"`, i, i)
	}
	lim := limits()
	lim.Bytes = 1 << 20
	for name, doc := range map[string]string{
		"attributes":   "<a" + attributes.String() + "/>",
		"declarations": "<a" + declarations.String() + "/>",
		"depth":        strings.Repeat("<a>", 100_000),
		"siblings":     "<a>" + strings.Repeat("<b/>", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := strictxml.Parse([]byte(doc), lim)
			require.ErrorIs(t, err, strictxml.ErrTooLarge)
		})
	}
}

// FuzzParse wants what was parsed to be read back the same after it was written: then no second parser sees another
// document.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"<a/>", `<p:a xmlns:p="u" ID="1"><b k="v">x&#13;y</b></p:a>`, "<?xml version='1.0'?><a>&lt;</a>", "<a><![CDATA[x]]></a>", "<a xmlns=''><b/></a>", "<a\n b='\t'/>"} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, doc []byte, drop bool) {
		lim := limits()
		lim.DropComments = drop
		root, err := strictxml.Parse(doc, lim)
		if err != nil {
			require.Nil(t, root)
			return
		}
		written := write(t, root)
		lim.Bytes = len(written) // escapes make it longer
		again, err := strictxml.Parse(written, lim)
		require.NoError(t, err, "%q", written)
		require.Equal(t, written, write(t, again))
		foreign := etree.NewDocument()
		require.NoError(t, foreign.ReadFromBytes(written))
		require.Equal(t, shape(root), shape(foreign.Root()))
	})
}

func write(t *testing.T, e *etree.Element) []byte {
	t.Helper()
	d := etree.NewDocumentWithRoot(e.Copy())
	d.WriteSettings = etree.WriteSettings{CanonicalAttrVal: true, CanonicalEndTags: true, CanonicalText: true}
	out, err := d.WriteToBytes()
	require.NoError(t, err)
	return out
}

// shape writes an element with every name resolved.
func shape(e *etree.Element) string {
	var b strings.Builder
	_ = strictxml.Walk(e, func(e *etree.Element) error {
		fmt.Fprintf(&b, "{%s}%s", strictxml.Namespace(e), e.Tag)
		for _, a := range e.Attr {
			fmt.Fprintf(&b, " %s:%s=%q", a.Space, a.Key, a.Value)
		}
		fmt.Fprintf(&b, " %q\n", e.Text())
		return nil
	})
	return b.String()
}
