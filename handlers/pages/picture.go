package pages

import (
	"bytes"
	"image"
	"image/jpeg"
	"io"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/image/draw"

	"gatehouse/handlers/web"
)

// uploaded waits for its turn to draw: a file of 400 KB can take 350 MB while it is decoded.
func (p *Pages) uploaded(c *fiber.Ctx) ([]byte, error) {
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
	case p.drawing <- struct{}{}:
		defer func() { <-p.drawing }()
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
	raw, err := io.ReadAll(io.LimitReader(file, web.PictureLimit))
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
