package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
)

// The cookies. On https each is named __Host-…, so no other host, path or plain page can set it.
const (
	accessCookie  = "access"
	refreshCookie = "refresh"
	flowCookie    = "flow"   // a sign-up or a new address, waiting for its code
	resetCookie   = "reset"  // a password reset, waiting for its code
	oauthCookie   = "oauth"  // a sign-in with a provider, under way
	deviceCookie  = "device" // accounts that this browser has signed in to
)

const deviceLife = 400 * 24 * time.Hour // the most that browsers keep (RFC 6265bis, 5.5)

func (h *Handlers) cookie(name string) string {
	if h.URL.Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

// setCookie keeps a value for life, or until the browser closes when life is 0.
func (h *Handlers) setCookie(c *fiber.Ctx, name, value string, life time.Duration) {
	c.Cookie(&fiber.Cookie{Name: h.cookie(name), Value: value, Path: "/", MaxAge: int(life.Seconds()),
		SessionOnly: life == 0, Secure: h.URL.Scheme == "https", HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode})
}

// clearCookie deletes by the same name, path and flags: anything less is ignored for __Host-.
func (h *Handlers) clearCookie(c *fiber.Ctx, name string) {
	c.Cookie(&fiber.Cookie{Name: h.cookie(name), Path: "/", Expires: time.Unix(1, 0), Secure: h.URL.Scheme == "https",
		HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode})
}

// setTokens hands a browser its pair. Without "Keep me signed in" both go when it closes.
func (h *Handlers) setTokens(c *fiber.Ctx, pair session.Pair) {
	var access, refresh time.Duration
	if pair.Session.Remembered {
		access = max(pair.Current.ExpiresAt.Sub(h.Now()), time.Second)
		refresh = max(pair.Session.LiveUntil().Sub(h.Now()), time.Second)
	}
	h.setCookie(c, accessCookie, pair.Access, access)
	h.setCookie(c, refreshCookie, pair.Refresh, refresh)
}

func (h *Handlers) clearTokens(c *fiber.Ctx) {
	h.clearCookie(c, accessCookie)
	h.clearCookie(c, refreshCookie)
}

// sealCookie keeps a value that only we can read, for this browser and purpose.
func (h *Handlers) sealCookie(c *fiber.Ctx, name string, value any, life time.Duration) error {
	sealed, err := h.Keys.Seal("cookie "+name, value, life)
	if err != nil {
		return err
	}
	h.setCookie(c, name, sealed, life)
	return nil
}

func (h *Handlers) openCookie(c *fiber.Ctx, name string, into any) error {
	return h.Keys.Open("cookie "+name, c.Cookies(h.cookie(name)), into)
}

// knownDevice is what a browser remembers of the accounts it has signed in to, sealed. The accounts are
// fingerprints without a key: a rotated secret makes no stranger of anyone.
type knownDevice struct {
	ID       string   `json:"i"`
	Accounts []string `json:"a"`
}

// device reports whether this browser has signed in to the account before, and under which id.
func (h *Handlers) device(c *fiber.Ctx, address string) (string, bool) {
	var device knownDevice
	if err := h.openCookie(c, deviceCookie, &device); err != nil {
		return "", false
	}
	return device.ID, slices.Contains(device.Accounts, fingerprint(address))
}

// rememberDevice notes that this browser has signed in to the account.
func (h *Handlers) rememberDevice(c *fiber.Ctx, address string) error {
	var device knownDevice
	if err := h.openCookie(c, deviceCookie, &device); err != nil {
		device = knownDevice{ID: rand.Text()}
	}
	if account := fingerprint(address); !slices.Contains(device.Accounts, account) {
		device.Accounts = append(device.Accounts, account)
	}
	device.Accounts = device.Accounts[max(0, len(device.Accounts)-5):]
	return h.sealCookie(c, deviceCookie, device, deviceLife)
}

// fingerprint is a short name for a value: the first 96 bits of its SHA-256.
func fingerprint(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
