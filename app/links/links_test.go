package links

import (
	"context"
	"net/url"
	"testing"
)

func TestLinksKnowTheBasePath(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]string{
		"https://accounts.example.com": "/profile", "https://accounts.example.com/": "/profile",
		"https://app.example.com/account": "/account/profile", "https://app.example.com/a/b/": "/a/b/profile",
	} {
		at, err := url.Parse(public)
		if err != nil {
			t.Fatal(err)
		}
		if got := To(With(context.Background(), Of(at)), "/profile"); got != want {
			t.Errorf("under %s it is %q, want %q", public, got, want)
		}
	}
	if got := To(context.Background(), "/profile"); got != "/profile" {
		t.Errorf("without a base it is %q", got)
	}
}
