package safelist_test

import (
	"strings"

	"github.com/lmssso/lmssso/safelist"
)

// attack is one hostile target: what kind of trick it is, the text, and the rule that must refuse it.
type attack struct {
	class, raw string
	rule       error
}

// attacks must be refused by the list of newListed: thinkific.com and a few others, https only. One row a trick; the
// classes are those of published redirect-validation bypasses.
func attacks() []attack {
	var all []attack
	for _, group := range [][]attack{
		backslashes(), invisibles(), slashes(), userInfo(), unicodeHosts(), lookAlikes(), schemes(), paths(), ports(), addresses(), lengths(),
	} {
		all = append(all, group...)
	}
	return all
}

func backslashes() []attack {
	const class = "backslash"
	return []attack{
		{class, `/\evil.example`, safelist.ErrCharacter},
		{class, `/\/evil.example`, safelist.ErrCharacter},
		{class, `\\evil.example`, safelist.ErrCharacter},
		{class, `\/evil.example`, safelist.ErrCharacter},
		{class, `\evil.example`, safelist.ErrCharacter},
		{class, `https:\\evil.example`, safelist.ErrCharacter},
		{class, `https:\/\/evil.example`, safelist.ErrCharacter},
		{class, `https:/\evil.example`, safelist.ErrCharacter},
		{class, `https://evil.example\.thinkific.com`, safelist.ErrCharacter},
		{class, `https://evil.example\@thinkific.com`, safelist.ErrCharacter},
		{class, `https://thinkific.com\@evil.example`, safelist.ErrCharacter},
		{class, `/a?next=\evil.example`, safelist.ErrCharacter},
		{class, `/a#\evil.example`, safelist.ErrCharacter},
	}
}

func invisibles() []attack {
	const class = "control, space or format character"
	all := []attack{
		{class, "/\t/evil.example", safelist.ErrCharacter},
		{class, "/\n/evil.example", safelist.ErrCharacter},
		{class, "/\r/evil.example", safelist.ErrCharacter},
		{class, "\t//evil.example", safelist.ErrCharacter},
		{class, "htt\nps://evil.example", safelist.ErrCharacter},
		{class, "https:/\t/evil.example", safelist.ErrCharacter},
		{class, "java\tscript:alert(1)", safelist.ErrCharacter},
		{class, " /courses", safelist.ErrCharacter},
		{class, "/courses ", safelist.ErrCharacter},
		{class, " https://thinkific.com", safelist.ErrCharacter},
		{class, "https://thinkific.com ", safelist.ErrCharacter},
		{class, "https://thinkific.com\x00.evil.example", safelist.ErrCharacter},
		{class, "/a\r\nSet-Cookie: s=1", safelist.ErrCharacter},
		{class, "\x00//evil.example", safelist.ErrCharacter},
		{class, "\x01/courses", safelist.ErrCharacter},
		{class, "/\x1f/evil.example", safelist.ErrCharacter},
		{class, "/\x7f/evil.example", safelist.ErrCharacter},
		{class, "/courses\xff", safelist.ErrCharacter},
		{class, `/"onmouseover="x`, safelist.ErrCharacter},
		{class, "/<script>", safelist.ErrCharacter},
		{class, "/%zz", safelist.ErrCharacter},
		{class, "/a?b=%2", safelist.ErrCharacter},
		{class, "/a#%", safelist.ErrCharacter},
		{class, "https://thinkific.com/%g0", safelist.ErrCharacter},
	}
	for _, c := range []string{"\u0085", "\u009f", "\u00a0", "\u00ad", "\u200b", "\u200d", "\u200e", "\u2028", "\u2029", "\u202e", "\u2060", "\u3000", "\ufeff"} {
		all = append(all,
			attack{class, c + "//evil.example", safelist.ErrCharacter},
			attack{class, "/" + c + "/evil.example", safelist.ErrCharacter},
			attack{class, "https://thinkific.com" + c, safelist.ErrCharacter})
	}
	return all
}

func slashes() []attack {
	const class = "slashes"
	return []attack{
		{class, "", safelist.ErrMalformed},
		{class, "//evil.example", safelist.ErrPath},
		{class, "//", safelist.ErrPath},
		{class, "///", safelist.ErrPath},
		{class, "///evil.example", safelist.ErrPath},
		{class, "////evil.example", safelist.ErrPath},
		{class, "//thinkific.com", safelist.ErrPath},
		{class, "//learn.example.com/courses", safelist.ErrPath},
		{class, "//evil.example/%2f..", safelist.ErrPath},
		{class, "//@evil.example", safelist.ErrPath},
		{class, "https:evil.example", safelist.ErrMalformed},
		{class, "https:thinkific.com", safelist.ErrMalformed},
		{class, "https:/evil.example", safelist.ErrMalformed},
		{class, "https:/thinkific.com", safelist.ErrMalformed},
		{class, "https:///evil.example", safelist.ErrHost},
		{class, "https:///thinkific.com", safelist.ErrHost},
		{class, "https:////evil.example", safelist.ErrHost},
		{class, "https://", safelist.ErrHost},
		{class, "https:", safelist.ErrMalformed},
		{class, "https", safelist.ErrMalformed},
		{class, "://evil.example", safelist.ErrScheme},
		{class, ":evil.example", safelist.ErrScheme},
		{class, "evil.example", safelist.ErrMalformed},
		{class, "thinkific.com", safelist.ErrMalformed},
		{class, "courses/1", safelist.ErrMalformed},
		{class, "./courses", safelist.ErrMalformed},
		{class, "../courses", safelist.ErrMalformed},
		{class, ".//evil.example", safelist.ErrMalformed},
		{class, "?next=1", safelist.ErrMalformed},
		{class, "#top", safelist.ErrMalformed},
		{class, "?a=https://thinkific.com", safelist.ErrMalformed},
		{class, "#https://thinkific.com", safelist.ErrMalformed},
		{class, "@evil.example", safelist.ErrMalformed},
		{class, "%2f%2fevil.example", safelist.ErrMalformed},
		{class, "%2fcourses", safelist.ErrMalformed},
	}
}

func userInfo() []attack {
	const class = "user information"
	return []attack{
		{class, "https://thinkific.com@evil.example", safelist.ErrUserInfo},
		{class, "https://thinkific.com:443@evil.example", safelist.ErrUserInfo},
		{class, "https://thinkific.com%40evil.example", safelist.ErrHost},
		{class, "https://evil.example@thinkific.com", safelist.ErrUserInfo},
		{class, "https://user:secret@thinkific.com/", safelist.ErrUserInfo},
		{class, "https://@thinkific.com/", safelist.ErrUserInfo},
		{class, "https://:@thinkific.com/", safelist.ErrUserInfo},
		{class, "https://a@b@thinkific.com/", safelist.ErrUserInfo},
		{class, "https://thinkific.com%2f@evil.example", safelist.ErrUserInfo},
		{class, "https://thinkific.com&@evil.example", safelist.ErrUserInfo},
		{class, "https://learn.example.com@evil.example", safelist.ErrUserInfo},
	}
}

func unicodeHosts() []attack {
	const class = "Unicode host"
	return []attack{
		{class, "https://evil.c\u2100.thinkific.com", safelist.ErrCharacter},
		{class, "https://evil.example\uff0f.thinkific.com", safelist.ErrCharacter},
		{class, "https://evil.example\uff03.thinkific.com", safelist.ErrCharacter},
		{class, "https://evil.example\uff1f.thinkific.com", safelist.ErrCharacter},
		{class, "https://evil.example\uff20thinkific.com", safelist.ErrCharacter},
		{class, "https://evil.example\uff3cthinkific.com", safelist.ErrCharacter},
		{class, "https://evil\u3002example", safelist.ErrCharacter},
		{class, "https://thinkific\uff0ecom", safelist.ErrCharacter},
		{class, "https://\uff54hinkific.com", safelist.ErrCharacter},
		{class, "https://thin\u212aific.com", safelist.ErrCharacter},
		{class, "https://th\u0131nkific.com", safelist.ErrCharacter},
		{class, "https://th\u0456nkific.com", safelist.ErrCharacter},
		{class, "https://m\u00fcnchen.example", safelist.ErrCharacter},
		{class, "/\uff0fevil.example", safelist.ErrCharacter},
		{class, "\uff0f\uff0fevil.example", safelist.ErrCharacter},
		{class, "https://evil%E3%80%82thinkific.com", safelist.ErrHost},
		{class, "https://evil.example%EF%BC%8Fthinkific.com", safelist.ErrHost},
		{class, "https://xn--.thinkific.com", safelist.ErrHost},
		{class, "https://xn--a.thinkific.com", safelist.ErrHost},
		{class, "https://xn--thinkific-.com", safelist.ErrHost},
		{class, "https://xn--a-ecp.thinkific.com.xn--zzzzzzzzzz0", safelist.ErrHost},
		{class, "https://xn--googIe-.thinkific.com", safelist.ErrHost},
		{class, "https://xn--maana-pta.evil.example", safelist.ErrNotListed},
		{class, "https://xn--thnkific-m5a.com", safelist.ErrNotListed},
	}
}

func lookAlikes() []attack {
	const class = "look-alike host"
	return []attack{
		{class, "https://evil.example", safelist.ErrNotListed},
		{class, "https://evilthinkific.com", safelist.ErrNotListed},
		{class, "https://evil-thinkific.com", safelist.ErrNotListed},
		{class, "https://thinkific.com.evil.example", safelist.ErrNotListed},
		{class, "https://thinkific.com-evil.example", safelist.ErrNotListed},
		{class, "https://thinkific.co", safelist.ErrNotListed},
		{class, "https://thinkific.comm", safelist.ErrNotListed},
		{class, "https://com", safelist.ErrNotListed},
		{class, "https://thinkific", safelist.ErrNotListed},
		{class, "https://thinkificxcom", safelist.ErrNotListed},
		{class, "https://thinkific.com.", safelist.ErrHost},
		{class, "https://school.thinkific.com./", safelist.ErrHost},
		{class, "https://thinkific.com..", safelist.ErrHost},
		{class, "https://.thinkific.com", safelist.ErrHost},
		{class, "https://a..thinkific.com", safelist.ErrHost},
		{class, "https://.", safelist.ErrHost},
		{class, "https://evil.example%2ethinkific.com", safelist.ErrHost},
		{class, "https://evil.example%2f.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example%23.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example%00.thinkific.com", safelist.ErrHost},
		{class, "https://thinkific%2ecom", safelist.ErrHost},
		{class, "https://evil.example%25.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example;.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example,thinkific.com", safelist.ErrHost},
		{class, "https://evil.example&.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example!.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example'.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example(.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example*.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example+.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example=.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example$.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example~.thinkific.com", safelist.ErrHost},
		{class, "https://*.thinkific.com", safelist.ErrHost},
		{class, "https://evil.example#.thinkific.com", safelist.ErrNotListed},
		{class, "https://evil.example?.thinkific.com", safelist.ErrNotListed},
		{class, "https://evil.example#@thinkific.com", safelist.ErrNotListed},
		{class, "https://evil.example?@thinkific.com", safelist.ErrNotListed},
		{class, "https://evil.example/@thinkific.com", safelist.ErrNotListed},
		{class, "https://evil.example/https://thinkific.com", safelist.ErrNotListed},
		{class, "https://example.com", safelist.ErrNotListed},
		{class, "https://evil.learn.example.com", safelist.ErrNotListed},
		{class, "https://below.exact.example.org", safelist.ErrNotListed},
		{class, "https://example.org", safelist.ErrNotListed},
	}
}

func schemes() []attack {
	const class = "scheme"
	return []attack{
		{class, "http://thinkific.com", safelist.ErrScheme},
		{class, "http://learn.example.com/", safelist.ErrScheme},
		{class, "HTTP://thinkific.com", safelist.ErrScheme},
		{class, "javascript:alert(1)", safelist.ErrScheme},
		{class, "JaVaScRiPt:alert(1)", safelist.ErrScheme},
		{class, "javascript://thinkific.com/%0aalert(1)", safelist.ErrScheme},
		{class, "javascript:https://thinkific.com", safelist.ErrScheme},
		{class, "data:text/html,hello", safelist.ErrScheme},
		{class, "data://thinkific.com/", safelist.ErrScheme},
		{class, "vbscript:msgbox(1)", safelist.ErrScheme},
		{class, "blob:https://thinkific.com/1", safelist.ErrScheme},
		{class, "filesystem:https://thinkific.com/", safelist.ErrScheme},
		{class, "view-source:https://thinkific.com", safelist.ErrScheme},
		{class, "about:blank", safelist.ErrScheme},
		{class, "file:///etc/hosts", safelist.ErrScheme},
		{class, "ftp://thinkific.com/", safelist.ErrScheme},
		{class, "ws://thinkific.com/", safelist.ErrScheme},
		{class, "wss://thinkific.com/", safelist.ErrScheme},
		{class, "mailto:a@thinkific.com", safelist.ErrScheme},
		{class, "intent://thinkific.com#Intent;end", safelist.ErrScheme},
		{class, "myapp://thinkific.com/", safelist.ErrScheme},
		{class, "httpss://thinkific.com/", safelist.ErrScheme},
		{class, "thinkific.com:443", safelist.ErrScheme},
		{class, "localhost:8080/x", safelist.ErrScheme},
		{class, "%68ttps://thinkific.com/", safelist.ErrScheme},
	}
}

func paths() []attack {
	const class = "path"
	return []attack{
		{class, "/.//evil.example", safelist.ErrPath},
		{class, "/..//evil.example", safelist.ErrPath},
		{class, "/./..//evil.example", safelist.ErrPath},
		{class, "/a/..//evil.example", safelist.ErrPath},
		{class, "/a/b/../..//evil.example", safelist.ErrPath},
		{class, "/%2e//evil.example", safelist.ErrPath},
		{class, "/%2E//evil.example", safelist.ErrPath},
		{class, "/.%2e//evil.example", safelist.ErrPath},
		{class, "/%2e%2e//evil.example", safelist.ErrPath},
		{class, "/a/%2e%2e//evil.example", safelist.ErrPath},
		{class, "/%252e//evil.example", safelist.ErrPath},
		{class, "/%2f", safelist.ErrPath},
		{class, "/%2fevil.example", safelist.ErrPath},
		{class, "/%2Fevil.example", safelist.ErrPath},
		{class, "/%2f/evil.example", safelist.ErrPath},
		{class, "/%5c", safelist.ErrPath},
		{class, "/%5cevil.example", safelist.ErrPath},
		{class, "/%5Cevil.example", safelist.ErrPath},
		{class, "/%5c%5cevil.example", safelist.ErrPath},
		{class, "/%252fevil.example", safelist.ErrPath},
		{class, "/%255cevil.example", safelist.ErrPath},
		{class, "/%25252fevil.example", safelist.ErrPath},
		{class, "/%25%32%66evil.example", safelist.ErrPath},
		{class, "/%2525252525252fevil.example", safelist.ErrPath},
		{class, "/a%2525252fb", safelist.ErrPath},
		{class, "/.%2fevil.example/..//evil.example", safelist.ErrPath},
		{class, "/.%2f/evil.example", safelist.ErrPath},
		{class, "/.%5c/evil.example", safelist.ErrPath},
		{class, "/./%2fevil.example", safelist.ErrPath},
		{class, "/./%5cevil.example", safelist.ErrPath},
		{class, "/a/..%2f%2fevil.example", safelist.ErrPath},
		{class, "/a%2f..%2f%2fevil.example", safelist.ErrPath},
		{class, "/;/evil.example", safelist.ErrPath},
		{class, "/;a=1/evil.example", safelist.ErrPath},
		{class, "/..;//evil.example", safelist.ErrPath},
		{class, "/..;a=b//evil.example", safelist.ErrPath},
		{class, "/.;/;/evil.example", safelist.ErrPath},
		{class, "/%3b/evil.example", safelist.ErrPath},
		{class, "/%09/evil.example", safelist.ErrPath},
		{class, "/%0a/evil.example", safelist.ErrPath},
		{class, "/%0d%0aSet-Cookie:%20s=1", safelist.ErrPath},
		{class, "/%00/evil.example", safelist.ErrPath},
		{class, "/%1f/evil.example", safelist.ErrPath},
		{class, "/%7f/evil.example", safelist.ErrPath},
		{class, "/%2509/evil.example", safelist.ErrPath},
		{class, "//?x", safelist.ErrPath},
		{class, "//#x", safelist.ErrPath},
		{class, "https://thinkific.com//evil.example", safelist.ErrPath},
		{class, "https://thinkific.com/.//evil.example", safelist.ErrPath},
		{class, "https://thinkific.com/%2fevil.example", safelist.ErrPath},
		{class, "https://thinkific.com/%5cevil.example", safelist.ErrPath},
		{class, "https://thinkific.com/%0d%0aLocation:x", safelist.ErrPath},
		{class, "https://learn.example.com//evil.example", safelist.ErrPath},
		{class, "https://learn.example.com/%2e%2e//evil.example", safelist.ErrPath},
	}
}

func ports() []attack {
	const class = "port"
	return []attack{
		{class, "https://thinkific.com:", safelist.ErrPort},
		{class, "https://thinkific.com:/", safelist.ErrPort},
		{class, "https://thinkific.com:0", safelist.ErrPort},
		{class, "https://thinkific.com:0443", safelist.ErrPort},
		{class, "https://thinkific.com:00000000443", safelist.ErrPort},
		{class, "https://thinkific.com:+443", safelist.ErrPort},
		{class, "https://thinkific.com:-443", safelist.ErrPort},
		{class, "https://thinkific.com:65536", safelist.ErrPort},
		{class, "https://thinkific.com:65979", safelist.ErrPort}, // 443 + 65536
		{class, "https://thinkific.com:99999999999999999999", safelist.ErrPort},
		{class, "https://thinkific.com:443:443", safelist.ErrPort},
		{class, "https://thinkific.com:80:evil.example", safelist.ErrPort},
		{class, "https://thinkific.com:4_43", safelist.ErrPort},
		{class, "https://thinkific.com:0x1bb", safelist.ErrPort},
		{class, "https://thinkific.com:%34%34%33", safelist.ErrPort},
		{class, "https://thinkific.com:https", safelist.ErrPort},
		{class, "https://thinkific.com:8443", safelist.ErrNotListed},
		{class, "https://thinkific.com:80", safelist.ErrNotListed},
		{class, "https://learn.example.com:8443", safelist.ErrNotListed},
		{class, "https://learn.example.com:80", safelist.ErrNotListed},
		{class, "https://port.example.org", safelist.ErrNotListed},
		{class, "https://port.example.org:443", safelist.ErrNotListed},
		{class, "https://port.example.org:84430", safelist.ErrPort},
		{class, "https://port.example.org:844", safelist.ErrNotListed},
		{class, "https://:443", safelist.ErrHost},
	}
}

func addresses() []attack {
	const class = "address"
	return []attack{
		{class, "https://127.0.0.1", safelist.ErrNotListed},
		{class, "https://10.0.0.1", safelist.ErrNotListed},
		{class, "https://169.254.169.254/", safelist.ErrNotListed},
		{class, "https://localhost", safelist.ErrNotListed},
		{class, "https://[::1]/", safelist.ErrNotListed},
		{class, "https://[2001:db8::1]/", safelist.ErrNotListed},
		{class, "https://[::ffff:127.0.0.1]/", safelist.ErrHost},
		{class, "https://[::FFFF:7f00:1]/", safelist.ErrHost},
		{class, "https://[fe80::1%25eth0]/", safelist.ErrHost},
		{class, "https://[0:0:0:0:0:0:0:1]/", safelist.ErrHost},
		{class, "https://[::1", safelist.ErrHost},
		{class, "https://::1]", safelist.ErrHost},
		{class, "https://[thinkific.com]/", safelist.ErrHost},
		{class, "https://[::1]thinkific.com/", safelist.ErrHost},
		{class, "https://[127.0.0.1]/", safelist.ErrHost},
		{class, "https://[]/", safelist.ErrHost},
		{class, "https://2130706433/", safelist.ErrHost},
		{class, "https://0x7f000001/", safelist.ErrHost},
		{class, "https://0X7F.1/", safelist.ErrHost},
		{class, "https://017700000001/", safelist.ErrHost},
		{class, "https://127.1/", safelist.ErrHost},
		{class, "https://127.0.0.01/", safelist.ErrHost},
		{class, "https://0/", safelist.ErrHost},
		{class, "https://0x/", safelist.ErrHost},
		{class, "https://thinkific.com.1/", safelist.ErrHost},
		{class, "https://1.2.3.4.5/", safelist.ErrHost},
		{class, "https://256.256.256.256/", safelist.ErrHost},
		{class, "https://127.0.0.1./", safelist.ErrHost},
	}
}

func lengths() []attack {
	const class = "length"
	label := strings.Repeat("a", 63)
	return []attack{
		{class, "/" + strings.Repeat("a", safelist.MaxLength), safelist.ErrTooLong},
		{class, "https://thinkific.com/?q=" + strings.Repeat("a", safelist.MaxLength), safelist.ErrTooLong},
		{class, strings.Repeat("/", 100_000), safelist.ErrTooLong},
		{class, "https://" + label + "a.thinkific.com/", safelist.ErrHost},
		{class, "https://" + strings.Repeat(label+".", 4) + "thinkific.com/", safelist.ErrHost},
	}
}
