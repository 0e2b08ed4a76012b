package handlers

import (
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gatehouse/models"
	"gatehouse/views"
)

// page is what every page shows around its content.
func (h *Handlers) page(c *fiber.Ctx, title string) views.Page {
	page := views.Page{
		Title: title, Now: h.Now(), RequestID: requestID(c), DevMail: h.Outbox != nil, Notice: notice(c.Query("notice")),
		Assets: views.Assets{CSS: h.Static.URL("app.css"), HTMX: h.Static.URL("htmx.min.js"), JS: h.Static.URL("app.js"),
			Icon: h.Static.URL("favicon.svg"), TouchIcon: h.Static.URL("apple-touch-icon.png"), Manifest: h.Static.URL("site.webmanifest")},
	}
	if access, signedIn := current(c); signedIn {
		page.User = &models.User{ID: access.UserID}
		page.RefreshEvery = h.AccessTTL * 4 / 5 // before the earliest that an access token expires
	}
	return page
}

// userPage is page for someone whose row was read.
func (h *Handlers) userPage(c *fiber.Ctx, title string, user models.User) views.Page {
	page := h.page(c, title)
	page.User, page.PictureURL = &user, pictureForm(user).URL
	return page
}

// render sends a component whole, or not at all.
func render(c *fiber.Ctx, status int, component templ.Component) error {
	buffer := templ.GetBuffer()
	defer templ.ReleaseBuffer(buffer)
	// The page that says a request took too long is drawn when its time is over.
	if err := component.Render(context.WithoutCancel(c.UserContext()), buffer); err != nil {
		return err
	}
	c.Status(status).Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Response().SetBody(buffer.Bytes()) // a copy: c.Send would keep the buffer, which is another person's page by then
	return nil
}

// renderForm sends the fragment to htmx and the whole page to everyone else.
func renderForm(c *fiber.Ctx, status int, fragment, whole templ.Component) error {
	if htmx(c) {
		return render(c, status, fragment)
	}
	return render(c, status, whole)
}

func htmx(c *fiber.Ctx) bool { return c.Get("HX-Request") == "true" }

// redirect sends a browser on by GET: 303, or HX-Redirect so that htmx loads the page whole.
func redirect(c *fiber.Ctx, to string) error {
	if htmx(c) {
		c.Set("HX-Redirect", to)
		return c.SendStatus(fiber.StatusNoContent)
	}
	return c.Redirect(to, fiber.StatusSeeOther)
}

// longestNext is what fits into a sealed cookie beside a sign-up, if every byte of it is escaped.
const longestNext = 1000

// next is where to go after signing in: one local path, or the dashboard. "//evil.example" and
// "/\evil.example" are other hosts to a browser, and a control character could hide either.
func next(asked string) string {
	if len(asked) > longestNext || !strings.HasPrefix(asked, "/") || strings.HasPrefix(asked, "//") || strings.ContainsAny(asked, "\\") {
		return "/dashboard"
	}
	for _, r := range asked {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return "/dashboard"
		}
	}
	at, err := url.Parse(asked)
	if err != nil || at.Host != "" || at.Scheme != "" || ownRoute(at.Path) {
		return "/dashboard"
	}
	return asked
}

// ownRoute reports whether a browser could take this path to one of our routes under /auth/: those act, and a
// link elsewhere would act by way of someone else's sign-in (CSRF). Dot segments are resolved as browsers do,
// for whom an empty segment is one like any other (WHATWG URL, 4.4); what comes first then is looked at, and
// so is what comes first of all.
func ownRoute(to string) bool {
	var stack []string
	for segment := range strings.SplitSeq(to, "/") {
		switch {
		case segment == ".." && len(stack) > 0:
			stack = stack[:len(stack)-1]
		case segment != "." && segment != "..":
			stack = append(stack, segment)
		}
	}
	return firstIs(stack, "auth") || firstIs(strings.Split(to, "/"), "auth")
}

// firstIs reports whether the first segment that is not empty is this one, in capitals or not.
func firstIs(segments []string, name string) bool {
	for _, segment := range segments {
		if segment != "" {
			return strings.EqualFold(segment, name)
		}
	}
	return false
}

// notice turns the word in an address into the sentence it stands for. Words that are none of ours
// say nothing, so nobody can put a sentence on our pages.
func notice(word string) views.Notice {
	info := map[string]string{
		"ended":      "Your session ended. Sign in to go on.",
		"signed-out": "You are signed out.",
		"deleted":    "Your account is deleted.",
	}
	success := map[string]string{
		"ready":     "Your account is ready. Sign in.",
		"reset":     "Your password is changed. Sign in with the new one.",
		"password":  "Your password is changed. Your other sessions have ended.",
		"email":     "Your address is proven.",
		"saved":     "Saved.",
		"linked":    "Connected. You can sign in with it from now on.",
		"unlinked":  "Disconnected.",
		"sessions":  "Ended.",
		"confirmed": "Confirmed. Go on with your change.",
	}
	if text, known := info[word]; known {
		return views.Notice{Kind: "info", Text: text}
	}
	if text, known := success[word]; known {
		return views.Notice{Kind: "success", Text: text}
	}
	return views.Notice{}
}
