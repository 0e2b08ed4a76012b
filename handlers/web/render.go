package web

import (
	"context"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gatehouse/app/links"
	"gatehouse/app/words"
	"gatehouse/models"
	"gatehouse/views"
)

// Page is what every page shows around its content. Its title is worded already; "" is the front page.
func (s *Site) Page(c *fiber.Ctx, title string) views.Page {
	page := views.Page{
		Title: title, Now: s.Now(), RequestID: RequestID(c), DevMail: s.DevMail, Notice: Notice(c, c.Query("notice")),
		Assets: views.Assets{CSS: s.base.To(s.Static.URL("app.css")), HTMX: s.base.To(s.Static.URL("htmx.min.js")),
			JS:   s.base.To(s.Static.URL("app.js")),
			Icon: s.base.To(s.Static.URL("favicon.svg")), TouchIcon: s.base.To(s.Static.URL("apple-touch-icon.png")), Manifest: s.base.To(s.Static.URL("site.webmanifest"))},
	}
	if access, signedIn := Current(c); signedIn {
		page.User = &models.User{ID: access.UserID}
		page.RefreshEvery = s.AccessTTL * 4 / 5 // before the earliest that an access token expires
	}
	return page
}

// UserPage is page for someone whose row was read.
func (s *Site) UserPage(c *fiber.Ctx, title string, user models.User) views.Page {
	page := s.Page(c, title)
	page.User, page.PictureURL = &user, s.PictureURL(user)
	return page
}

// Render sends a component whole, or not at all.
func (s *Site) Render(c *fiber.Ctx, status int, component templ.Component) error {
	buffer := templ.GetBuffer()
	defer templ.ReleaseBuffer(buffer)
	// The page that says a request took too long is drawn when its time is over.
	ctx := links.With(words.With(context.WithoutCancel(c.UserContext()), Language(c)), s.base)
	if err := component.Render(ctx, buffer); err != nil {
		return err
	}
	c.Status(status).Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Response().SetBody(buffer.Bytes()) // a copy: c.Send would keep the buffer, which is another person's page by then
	return nil
}

// RenderForm sends the fragment to htmx and the whole page to everyone else.
func (s *Site) RenderForm(c *fiber.Ctx, status int, fragment, whole templ.Component) error {
	if HTMX(c) {
		return s.Render(c, status, fragment)
	}
	return s.Render(c, status, whole)
}

func HTMX(c *fiber.Ctx) bool { return c.Get("HX-Request") == "true" }

// To is where a path of ours is on this host.
func (s *Site) To(local string) string { return s.base.To(local) }

// Redirect sends a browser on by GET to a page of ours: 303, or HX-Redirect so that htmx loads the page whole.
func (s *Site) Redirect(c *fiber.Ctx, local string) error { return Leave(c, s.base.To(local)) }

// Leave is Redirect to a whole address: a provider's, or where the return-path policy lets next lead.
func Leave(c *fiber.Ctx, to string) error {
	if HTMX(c) {
		c.Set("HX-Redirect", to)
		return c.SendStatus(fiber.StatusNoContent)
	}
	return c.Redirect(to, fiber.StatusSeeOther)
}

// PictureURL is the address of a person's picture; "" for none. It changes with the picture, so it may be kept.
func (s *Site) PictureURL(user models.User) string {
	if user.Picture == "" {
		return ""
	}
	return s.base.To("/profile/picture?v=" + user.Picture)
}
