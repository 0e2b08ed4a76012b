package web

import (
	"net/url"
	"strings"
	"testing"
)

func TestNextIsOneLocalPath(t *testing.T) {
	site := &Site{}
	for asked, want := range map[string]string{
		"/profile": "/profile", "/profile?a=b&c=d#email": "/profile?a=b&c=d#email", "/": "/", "/a//b": "/a//b", "/é": "/é", "/a%2fb": "/a%2fb",
		"/?next=//evil.example": "/?next=//evil.example", "/@evil.example": "/@evil.example", "/:80": "/:80",
		"": "/dashboard", "dashboard": "/dashboard", "//evil.example": "/dashboard", "///evil.example": "/dashboard", "/\\evil.example": "/dashboard",
		"/a\\b": "/dashboard", "https://evil.example": "/dashboard", "https:/evil.example": "/dashboard", "javascript:alert(1)": "/dashboard", "/\t/evil.example": "/dashboard",
		"/\n": "/dashboard", "/\x00": "/dashboard", "/\x7f": "/dashboard", "/\xff": "/dashboard", " /a": "/dashboard", "/%": "/dashboard", "/%zz": "/dashboard",
		"%2f%2fevil.example": "/dashboard", "／／evil.example": "/dashboard", "?a": "/dashboard", "#a": "/dashboard",
		"/" + strings.Repeat("a", LongestNext-1): "/" + strings.Repeat("a", LongestNext-1), "/" +
			strings.Repeat("a", LongestNext): "/dashboard",
	} {
		if got := site.Next(asked); got != want {
			t.Errorf("Next(%q) = %q, want %q", asked, got, want)
		}
	}
}

// Whatever is asked for, the answer is a path of this site, for Go's eyes and for a browser's, which
// drops tabs and lines and takes \ for /.
func FuzzNext(f *testing.F) {
	for _, seed := range []string{"/dashboard", "//evil.example", "/\\evil.example", "/\t/evil.example",
		"https:evil.example", "/%2f%2fevil.example", "/\xff", "/a?b#c"} {
		f.Add(seed)
	}
	site := &Site{}
	base, _ := url.Parse("https://accounts.example.com/sign-in")
	f.Fuzz(func(t *testing.T, asked string) {
		got := site.Next(asked)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t\x00") {
			t.Fatalf("Next(%q) = %q", asked, got)
		}
		at, err := url.Parse(got)
		if err != nil || at.Host != "" || at.Scheme != "" || base.ResolveReference(at).Host != base.Host {
			t.Fatalf("Next(%q) = %q leads to %v, %v", asked, got, at, err)
		}
		if site.Next(got) != got {
			t.Fatalf("Next(%q) = %q, and again %q", asked, got, site.Next(got))
		}
	})
}
