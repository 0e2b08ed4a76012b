package views

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// AA asks 4.5:1 of words and 3:1 of borders and marks that carry meaning (WCAG 2.2, 1.4.3 and 1.4.11).
func TestColoursCanBeReadInBothThemes(t *testing.T) {
	t.Parallel()
	words := [][2]string{
		{"ink", "paper"}, {"ink", "card"}, {"ink", "wash"}, {"quiet", "paper"}, {"quiet", "card"}, {"quiet", "wash"},
		{"way", "paper"}, {"way", "card"}, {"way", "way-wash"}, {"way-deep", "card"}, {"on-way", "way"}, {"on-way",
			"way-deep"},
		{"danger", "card"}, {"danger", "danger-wash"}, {"quiet", "danger-wash"}, {"on-danger", "danger"}, {"on-danger",
			"danger-deep"},
		{"amber", "card"}, {"amber", "amber-wash"}, {"on-plate", "plate"}, {"google-ink", "google"}, {"google-ink", "wash"},
	}
	marks := [][2]string{{"edge", "card"}, {"edge", "paper"}, {"google-edge", "card"}, {"way", "card"}, {"way", "paper"}}
	for _, theme := range []string{"light", "dark"} {
		colours := themeColours(t, theme)
		for _, pair := range words {
			if c := contrast(colours[pair[0]], colours[pair[1]]); !(c >= 4.5) {
				t.Errorf("%s: %s on %s is %.2f:1", theme, pair[0], pair[1], c)
			}
		}
		for _, pair := range marks {
			if c := contrast(colours[pair[0]], colours[pair[1]]); !(c >= 3) {
				t.Errorf("%s: %s beside %s is %.2f:1", theme, pair[0], pair[1], c)
			}
		}
	}
}

// A browser paints its own bars before any style sheet is read, so these repeat a token by hand.
func TestColoursOutsideTheStyleSheetAreTokens(t *testing.T) {
	t.Parallel()
	light, dark := themeColours(t, "light"), themeColours(t, "dark")
	for file, colours := range map[string][]string{
		"layout.templ":               {light["paper"], dark["paper"]},
		"../static/site.webmanifest": {light["paper"], light["way"]},
		"../static/favicon.svg":      {light["way"], light["card"], dark["lamp"]},
	} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, colour := range colours {
			if !strings.Contains(string(content), colour) {
				t.Errorf("%s does not have %s", file, colour)
			}
		}
	}
}

func themeColours(t *testing.T, theme string) map[string]string {
	t.Helper()
	config, err := os.ReadFile("../tailwind.config.js")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(config), "const "+theme+" = {")
	block, _, _ = strings.Cut(block, "};")
	colours := map[string]string{}
	for _, m := range regexp.MustCompile(`"?([a-z-]+)"?: "(#[0-9a-f]{6})"`).FindAllStringSubmatch(block, -1) {
		colours[m[1]] = m[2]
	}
	if len(colours) < 20 {
		t.Fatalf("%s has %d colours", theme, len(colours))
	}
	return colours
}

func contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(colour string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		return math.NaN()
	}
	linear := func(shift uint) float64 {
		c := float64(n>>shift&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}
