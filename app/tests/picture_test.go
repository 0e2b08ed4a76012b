package tests

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// upload sends a file as the picture form does.
func upload(b *testkit.Browser, file []byte) testkit.Answer {
	b.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("section", "picture")
	part, _ := form.CreateFormFile("picture", "../../picture.svg")
	_, _ = part.Write(file)
	_ = form.Close()
	request, err := http.NewRequest(http.MethodPost, b.House.URL+"/profile", &body)
	if err != nil {
		b.T.Fatal(err)
	}
	request.Header = b.Request(http.MethodPost, "/profile", nil).Header
	request.Header.Set("Content-Type", form.FormDataContentType())
	got, err := b.Send(request)
	if err != nil {
		b.T.Fatal(err)
	}
	return got
}

// drawn is a red picture, encoded.
func drawn(width, height int, encode func(*bytes.Buffer, image.Image) error) []byte {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range picture.Pix {
		picture.Pix[i] = [4]byte{200, 0, 0, 255}[i%4]
	}
	var out bytes.Buffer
	if err := encode(&out, picture); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func asJPEG(out *bytes.Buffer, picture image.Image) error { return jpeg.Encode(out, picture, nil) }
func asPNG(out *bytes.Buffer, picture image.Image) error  { return png.Encode(out, picture) }
func asGIF(out *bytes.Buffer, picture image.Image) error  { return gif.Encode(out, picture, nil) }

// withPlace puts an EXIF segment behind a JPEG's first marker, as cameras do.
func withPlace(file []byte) []byte {
	note := append([]byte("Exif\x00\x00"), []byte("GPS 51.5007 N 0.1246 W <script>alert(1)</script>")...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(note)+2))
	return append(append(append([]byte{}, file[:2]...), append(segment, note...)...), file[2:]...)
}

// bomb is a PNG of a few bytes that promises 50 000 by 50 000 pixels.
func bomb() []byte {
	var out bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		body := append([]byte(kind), data...)
		_ = binary.Write(&out, binary.BigEndian, uint32(len(data)))
		out.Write(body)
		_ = binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	chunk("IHDR", []byte{0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50, 8, 2, 0, 0, 0})
	var packed bytes.Buffer
	pack := zlib.NewWriter(&packed)
	_, _ = pack.Write(make([]byte, 1<<20))
	_ = pack.Close()
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

// Whatever is uploaded, what is kept was drawn here: 256 by 256, JPEG, and nothing else inside.
func TestPictureIsDrawnAnew(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b, other := h.Browser().SignUp(testkit.Someone()), h.Browser().SignUp(testkit.Someone())
		for what, file := range map[string][]byte{
			"a wide JPEG with a place": withPlace(drawn(900, 300, asJPEG)),
			"a tall PNG":               drawn(20, 700, asPNG), "a GIF": drawn(256, 256, asGIF), "one pixel": drawn(1, 1, asPNG),
			"a JPEG with a tail": append(drawn(300, 300, asJPEG), []byte("<script>alert(1)</script>")...),
		} {
			b.Want(upload(b, file), 303, "/profile?notice=saved")
			got := b.Get("/profile/picture")
			kept, format, err := image.Decode(strings.NewReader(got.Body))
			if err != nil || format != "jpeg" || kept.Bounds() != image.Rect(0, 0, 256, 256) {
				t.Fatalf("%s: %d %s %v", what, got.Status, format, err)
			}
			if red, _, _, _ := color.RGBAModel.Convert(kept.At(128, 128)).RGBA(); red>>8 < 150 {
				t.Errorf("%s: another picture came back", what)
			}
			for _, word := range []string{"Exif", "GPS", "script"} {
				if strings.Contains(got.Body, word) {
					t.Errorf("%s: %s is still inside", what, word)
				}
			}
			if got.Header.Get("Content-Type") != "image/jpeg" || got.Header.Get("Cache-Control") != "no-store" ||
				got.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: %v", what, got.Header)
			}
		}
		if got := other.Get("/profile/picture"); got.Status != 404 {
			t.Errorf("someone else's picture: %d", got.Status)
		}
		b.Want(b.Post("/profile", "section", "picture", "action", "remove"), 303, "/profile?notice=saved")
		if got := b.Get("/profile/picture"); got.Status != 404 {
			t.Errorf("a removed picture: %d", got.Status)
		}
	})
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser().SignUp(testkit.Someone())
	for what, file := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "a bomb": bomb(),
		"SVG":                       []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"HTML that begins as a GIF": []byte("GIF89a<script>alert(1)</script>"), "half a JPEG": drawn(300, 300, asJPEG)[:400],
		"half a PNG": drawn(300, 300, asPNG)[:60],
		"no size":    bytes.Replace(bomb(), []byte{0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50}, make([]byte, 8), 1),
	} {
		if got := upload(b, file); got.Status != 422 ||
			!strings.Contains(got.Body, "Choose a JPEG, PNG or GIF of 3 MB or less.") {
			t.Errorf("%s: %d %s", what, got.Status, testkit.Text(got.Body))
		}
	}
	if got := b.Announces("/profile", 4<<20); got.Status != 413 {
		t.Errorf("4 MB: %d", got.Status)
	}
	if got := b.Get("/profile/picture"); got.Status != 404 {
		t.Errorf("something was kept: %d", got.Status)
	}
}
