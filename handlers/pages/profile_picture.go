package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	_ "image/gif" // a format that people upload
	_ "image/png"

	"github.com/gofiber/fiber/v2"

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

// savePicture keeps a small square JPEG of what was uploaded. It is decoded and drawn anew, so
// nothing else that the file carried (places, scripts) comes along.
func (p *Pages) savePicture(c *fiber.Ctx, user models.User) error {
	if c.FormValue("action") == "remove" {
		return p.keepPicture(c, user, "", nil)
	}
	if err := p.Limits.Try(c.UserContext(), web.PictureRule, user.ID); err != nil { // drawing is the dearest thing that a person can ask for
		return p.LimitedForm(c, err, func(sentence string) error {
			form := pictureForm(user)
			form.PictureError = sentence
			return p.section(c, 429, user, views.ProfilePicture(form), func(p *views.Profile) { p.Picture = form })
		})
	}
	drawn, err := p.uploaded(c)
	if errors.Is(err, errPicture) {
		form := pictureForm(user)
		form.PictureError = "Choose a JPEG, PNG or GIF of 3 MB or less."
		return p.section(c, 422, user, views.ProfilePicture(form), func(p *views.Profile) { p.Picture = form })
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(drawn)
	return p.keepPicture(c, user, hex.EncodeToString(sum[:8]), drawn)
}

func (p *Pages) keepPicture(c *fiber.Ctx, user models.User, hash string, drawn []byte) error {
	if err := p.DB.Pictures.Set(c.UserContext(), user.ID, hash, drawn, p.Now()); err != nil {
		return err
	}
	p.RecordOwn(c, models.EventProfileChanged, "picture")
	user.Picture = hash
	p.reclaim(c, user)
	form := pictureForm(user)
	form.Notice = web.Notice("saved")
	return saved(c, "saved", views.ProfilePicture(form))
}

// SavePicture is the profile form's picture at its own address.
func (p *Pages) SavePicture(c *fiber.Ctx) error {
	user, err := p.me(c)
	if err != nil {
		return err
	}
	return p.savePicture(c, user)
}

// Picture is the person's own; nobody else can ask for it.
func (p *Pages) Picture(c *fiber.Ctx) error {
	access, _ := web.Current(c)
	data, err := p.DB.Pictures.ByUser(c.UserContext(), access.UserID)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/jpeg")
	return c.Send(data)
}

func pictureForm(user models.User) views.ProfilePictureForm {
	return views.ProfilePictureForm{Name: user.Name, URL: web.PictureURL(user)}
}
