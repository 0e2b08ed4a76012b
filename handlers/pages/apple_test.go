package pages

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/token"
	"gatehouse/handlers/web"
)

// Whatever is posted as Apple, it is carried to the GET, or refused in a sentence: never an error of
// ours, and never an address that leads elsewhere.
func FuzzAppleForm(f *testing.F) {
	keys, err := token.NewKeys([]string{"a secret for the fuzz targets and long enough"}, "https://accounts.example.com",
		time.Now)
	if err != nil {
		f.Fatal(err)
	}
	p := &Pages{Site: &web.Site{URL: &url.URL{Scheme: "http", Host: "localhost"}, Keys: keys}}
	app := fiber.New(fiber.Config{Immutable: true, BodyLimit: web.FormLimit})
	app.Post(web.AppleCallback, p.AppleCallback)
	plain := "application/x-www-form-urlencoded"
	f.Add(plain, `code=c.1&state=s&user=%7B%22name%22%3A%7B%22firstName%22%3A%22Ada%22%7D%7D`)
	f.Add(plain, "error=user_cancelled_authorize&state=s")
	f.Add(plain, "code=%zz&state=%00&user=%ff&code=again")
	f.Add(plain, "user="+strings.Repeat("x", 5000))
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\nc\r\n--b--\r\n")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, kind, body string) {
		request := httptest.NewRequest(http.MethodPost, "/auth/apple/callback", strings.NewReader(body))
		if strings.ContainsAny(kind, "\r\n\x00") {
			return // no header can say so
		}
		request.Header.Set("Content-Type", kind)
		response, err := app.Test(request, -1)
		if err != nil {
			return // net/http could not even write it
		}
		to := response.Header.Get("Location")
		switch response.StatusCode {
		case http.StatusSeeOther:
			var form url.Values
			sealed, ours := strings.CutPrefix(to, web.AppleCallback+"?form=")
			if err := keys.Open("apple form", sealed, &form); !ours || err != nil || len(to) > 12_000 {
				t.Fatalf("%q %q leads to %q: %v", kind, body, to, err)
			}
			for name := range form {
				if !strings.Contains(" code state error user ", " "+name+" ") {
					t.Fatalf("%q %q carries %q", kind, body, name)
				}
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("%q %q is answered %d", kind, body, response.StatusCode)
		}
	})
}
