package pages

import (
	"errors"
	_ "image/gif" // a format that people upload
	_ "image/png"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/limit"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

const (
	pictureSide = 256
	// More pixels than these are a bomb. A JPEG comes from a camera; others take up to 8 bytes a pixel.
	jpegPixels  = 13_000_000
	otherPixels = 12_000_000
	// A progressive JPEG is drawn once for each of its scans; cameras and programs make a dozen. A file of
	// 2 MB has room for fifty thousand empty ones, which would be drawn for a quarter of an hour.
	mostScans = 32
)

var errPicture = errors.New("handlers: not a picture")

// SetPicture keeps a small square JPEG of what was uploaded. It is decoded and drawn anew, so
// nothing else that the file carried (places, scripts) comes along.
func (p *Pages) SetPicture(c *fiber.Ctx) error {
	var user models.User
	var err error
	if c.FormValue("action") == "remove" {
		user, err = p.Accounts.RemovePicture(c.UserContext(), p.Caller(c))
	} else {
		user, err = p.Accounts.SetPicture(c.UserContext(), p.Caller(c), func() ([]byte, error) { return p.uploaded(c) })
	}
	form, status := p.pictureForm(user), fiber.StatusUnprocessableEntity
	var exceeded limit.Exceeded
	switch {
	case err == nil:
		form.Notice = web.Notice(c, "saved")
		return p.saved(c, "saved", views.ProfilePicture(form))
	case errors.As(err, &exceeded):
		status, form.PictureError = web.Refusal(c, err)
	case errors.Is(err, errPicture):
		form.PictureError = web.Say(c, "error.invalid_picture")
	default:
		return err
	}
	return p.section(c, status, user, views.ProfilePicture(form), func(all *views.Profile) { all.Picture = form })
}

// Picture is the person's own; nobody else can ask for it.
func (p *Pages) Picture(c *fiber.Ctx) error {
	data, err := p.Accounts.Picture(c.UserContext(), p.Caller(c))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/jpeg")
	return c.Send(data)
}

func (p *Pages) pictureForm(user models.User) views.ProfilePictureForm {
	return views.ProfilePictureForm{Name: user.Name, URL: p.PictureURL(user)}
}
