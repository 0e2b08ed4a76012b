package pages

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"runtime"
	"testing"
)

// striped is green in its middle square and red beside it.
func striped(t *testing.T, width, height int) []byte {
	t.Helper()
	side := min(width, height)
	middle := image.Rect(0, 0, side, side).Add(image.Pt((width-side)/2, (height-side)/2))
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			picture.Set(x, y, color.RGBA{R: 255, A: 255})
			if image.Pt(x, y).In(middle) {
				picture.Set(x, y, color.RGBA{G: 255, A: 255})
			}
		}
	}
	return encoded(t, picture)
}

func encoded(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSquareKeepsTheMiddle(t *testing.T) {
	for _, size := range []image.Point{{600, 200}, {200, 600}, {256, 256}, {3, 1000}, {1, 1}} {
		raw, err := square(bytes.NewReader(striped(t, size.X, size.Y)))
		if err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		drawn, format, err := image.Decode(bytes.NewReader(raw))
		if err != nil || format != "jpeg" || drawn.Bounds() != image.Rect(0, 0, pictureSide, pictureSide) {
			t.Fatalf("%v: %s %v %v", size, format, drawn.Bounds(), err)
		}
		for _, at := range []image.Point{{8, 8}, {128, 128}, {248, 8}, {8, 248}} {
			if red, green, _, _ := drawn.At(at.X, at.Y).RGBA(); green>>8 < 200 || red>>8 > 60 {
				t.Errorf("%v: %v shows what was cut away", size, at)
			}
		}
	}
}

// A progressive JPEG is drawn once for each of its scans, and an empty one takes 44 bytes: a file of 2 MB would
// be drawn for a quarter of an hour.
func TestSquareRefusesManyScans(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewRGBA(image.Rect(0, 0, 40, 40)), nil); err != nil {
		t.Fatal(err)
	}
	for more, fine := range map[int]bool{12: true, 40: false} {
		raw := append(bytes.Clone(file.Bytes()), bytes.Repeat([]byte{0xff, 0xda}, more)...)
		if _, err := square(bytes.NewReader(raw)); (err == nil) != fine {
			t.Errorf("%d scans: %v", more+1, err)
		}
	}
}

// JPEG has no transparency: what shows through is white, on every theme the same.
func TestSquarePutsTransparencyOnWhite(t *testing.T) {
	raw, err := square(bytes.NewReader(encoded(t, image.NewNRGBA(image.Rect(0, 0, 40, 40)))))
	if err != nil {
		t.Fatal(err)
	}
	drawn, _, _ := image.Decode(bytes.NewReader(raw))
	if red, green, blue, _ := drawn.At(100, 100).RGBA(); min(red, green, blue)>>8 < 250 {
		t.Errorf("transparency became %d %d %d", red>>8, green>>8, blue>>8)
	}
}

func TestSquareRefusesWhatItCannotHold(t *testing.T) {
	small := striped(t, 60, 60)
	for name, raw := range map[string][]byte{
		"more pixels than a phone takes": promising(small, 8000, 5001), "more than an int32 of them": promising(small,
			1<<31-1, 1<<31-1),
		"no pixels": promising(small, 0, 60), "nothing": nil, "text": []byte("GIF89a"), "half": small[:len(small)/2],
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := square(bytes.NewReader(raw)); !errors.Is(err, errPicture) {
			t.Errorf("%s: %v", name, err)
		}
		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 10<<20 {
			t.Errorf("%s: took %d MB to refuse", name, (after.TotalAlloc-before.TotalAlloc)>>20)
		}
	}
}

// promising is a PNG whose header speaks of another size than it has.
func promising(file []byte, width, height uint32) []byte {
	file = bytes.Clone(file)
	binary.BigEndian.PutUint32(file[16:], width)
	binary.BigEndian.PutUint32(file[20:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}
