package web

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gofiber/fiber/v2"

	"gatehouse/models"
)

// Redirects know the base path of APP_URL, by 303 and by HX-Redirect, and so do the defaults of next and of pictures.
func TestRedirectsKnowTheBasePath(t *testing.T) {
	t.Parallel()
	s := &Site{URL: &url.URL{Scheme: "http", Host: "localhost", Path: "/account"}}
	if err := s.Prepare(nil); err != nil {
		t.Fatal(err)
	}
	app := fiber.New()
	app.Get("/away", func(c *fiber.Ctx) error { return s.Redirect(c, "/sign-in?notice=ended") })
	for header, name := range map[string]string{"": "Location", "true": "HX-Redirect"} {
		request := httptest.NewRequest("GET", "/away", nil)
		request.Header.Set("HX-Request", header)
		got, err := app.Test(request)
		if err != nil || got.Header.Get(name) != "/account/sign-in?notice=ended" {
			t.Errorf("%s: %q, %v", name, got.Header.Get(name), err)
		}
	}
	if got := s.Next("//evil.example"); got != "/account/dashboard" {
		t.Errorf("next leads to %q", got)
	}
	if got := s.PictureURL(models.User{Picture: "1"}); got != "/account/profile/picture?v=1" {
		t.Errorf("the picture is at %q", got)
	}
}
