package handlers

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	_ "image/gif" // a format that people upload
	"image/jpeg"
	_ "image/png"
	"io"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/image/draw"

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
func (h *Handlers) savePicture(c *fiber.Ctx, user models.User) error {
	if c.FormValue("action") == "remove" {
		return h.keepPicture(c, user, "", nil)
	}
	if err := h.take(c, pictureRule, user.ID); err != nil { // drawing is the dearest thing that a person can ask for
		return h.limitedForm(c, err, func(sentence string) error {
			form := pictureForm(user)
			form.PictureError = sentence
			return h.section(c, 429, user, views.ProfilePicture(form), func(p *views.Profile) { p.Picture = form })
		})
	}
	drawn, err := h.uploaded(c)
	if errors.Is(err, errPicture) {
		form := pictureForm(user)
		form.PictureError = "Choose a JPEG, PNG or GIF of 3 MB or less."
		return h.section(c, 422, user, views.ProfilePicture(form), func(p *views.Profile) { p.Picture = form })
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(drawn)
	return h.keepPicture(c, user, hex.EncodeToString(sum[:8]), drawn)
}

func (h *Handlers) keepPicture(c *fiber.Ctx, user models.User, hash string, drawn []byte) error {
	if err := h.DB.Pictures.Set(c.UserContext(), user.ID, hash, drawn, h.Now()); err != nil {
		return err
	}
	h.recordOwn(c, models.EventProfileChanged, "picture")
	user.Picture = hash
	h.reclaim(c, user)
	form := pictureForm(user)
	form.Notice = notice("saved")
	return saved(c, "saved", views.ProfilePicture(form))
}

// postPicture is the profile form's picture at its own address.
func (h *Handlers) postPicture(c *fiber.Ctx) error {
	user, err := h.me(c)
	if err != nil {
		return err
	}
	return h.savePicture(c, user)
}

// picture is the person's own; nobody else can ask for it.
func (h *Handlers) picture(c *fiber.Ctx) error {
	access, _ := current(c)
	data, err := h.DB.Pictures.ByUser(c.UserContext(), access.UserID)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/jpeg")
	return c.Send(data)
}

func pictureForm(user models.User) views.ProfilePictureForm {
	form := views.ProfilePictureForm{Name: user.Name}
	if user.Picture != "" {
		form.URL = "/profile/picture?v=" + user.Picture
	}
	return form
}

// uploaded waits for its turn to draw: a file of 400 KB can take 350 MB while it is decoded.
func (h *Handlers) uploaded(c *fiber.Ctx) ([]byte, error) {
	header, err := c.FormFile("picture")
	if err != nil {
		return nil, errPicture
	}
	file, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	select {
	case h.drawing <- struct{}{}:
		defer func() { <-h.drawing }()
		return square(file)
	case <-c.UserContext().Done():
		return nil, c.UserContext().Err()
	}
}

// scansOf counts the scans of a JPEG by their marker (T.81, B.1.1.3), which stands nowhere else in its data.
func scansOf(file io.ReadSeeker) (int, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	raw, err := io.ReadAll(io.LimitReader(file, pictureLimit))
	return bytes.Count(raw, []byte{0xff, 0xda}), err
}

// square draws the middle of a picture at 256 × 256. Its size is read first: a small file can
// promise more pixels than memory holds.
func square(file io.ReadSeeker) ([]byte, error) {
	size, format, err := image.DecodeConfig(file)
	most := otherPixels
	if format == "jpeg" {
		most = jpegPixels
	}
	if err != nil || size.Width < 1 || size.Height < 1 || size.Width > most/size.Height {
		return nil, errPicture
	}
	if format == "jpeg" {
		if scans, err := scansOf(file); err != nil || scans > mostScans {
			return nil, errPicture
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	picture, _, err := image.Decode(file)
	if err != nil {
		return nil, errPicture
	}
	bounds := picture.Bounds()
	side := min(bounds.Dx(), bounds.Dy())
	middle := image.Rect(0, 0, side, side).Add(bounds.Min).Add(image.Pt((bounds.Dx()-side)/2, (bounds.Dy()-side)/2))
	canvas := image.NewRGBA(image.Rect(0, 0, pictureSide, pictureSide))
	draw.Draw(canvas, canvas.Bounds(), image.White, image.Point{}, draw.Src) // JPEG has no transparency
	draw.CatmullRom.Scale(canvas, canvas.Bounds(), picture, middle, draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, canvas, &jpeg.Options{Quality: 85}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
