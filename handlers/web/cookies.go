package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/session"
)

// The cookies. On https each is named __Host-…, so no other host, path or plain page can set it.
const (
	AccessCookie  = "access"
	RefreshCookie = "refresh"
	FlowCookie    = "flow"   // a sign-up or a new address, waiting for its code
	ResetCookie   = "reset"  // a password reset, waiting for its code
	OauthCookie   = "oauth"  // a sign-in with a provider, under way
	DeviceCookie  = "device" // accounts that this browser has signed in to
	FormCookie    = "form"   // a form that waits for its person to show again who they are
)

const deviceLife = 400 * 24 * time.Hour // the most that browsers keep (RFC 6265bis, 5.5)

func (s *Site) CookieName(name string) string {
	if s.URL.Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

// setCookie keeps a value for life, or until the browser closes when life is 0.
func (s *Site) setCookie(c *fiber.Ctx, name, value string, life time.Duration) {
	c.Cookie(&fiber.Cookie{Name: s.CookieName(name), Value: value, Path: "/", MaxAge: int(life.Seconds()),
		SessionOnly: life == 0, Secure: s.URL.Scheme == "https", HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode})
}

// ClearCookie deletes by the same name, path and flags: anything less is ignored for __Host-.
func (s *Site) ClearCookie(c *fiber.Ctx, name string) {
	c.Cookie(&fiber.Cookie{Name: s.CookieName(name), Path: "/", Expires: time.Unix(1, 0), Secure: s.URL.Scheme == "https",
		HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode})
}

// SetTokens hands a browser its pair. Without "Keep me signed in" both go when it closes.
func (s *Site) SetTokens(c *fiber.Ctx, pair session.Pair) {
	var access, refresh time.Duration
	if pair.Session.Remembered {
		access = max(pair.Current.ExpiresAt.Sub(s.Now()), time.Second)
		refresh = max(pair.Session.LiveUntil().Sub(s.Now()), time.Second)
	}
	s.setCookie(c, AccessCookie, pair.Access, access)
	s.setCookie(c, RefreshCookie, pair.Refresh, refresh)
}

func (s *Site) ClearTokens(c *fiber.Ctx) {
	s.ClearCookie(c, AccessCookie)
	s.ClearCookie(c, RefreshCookie)
}

// SealCookie keeps a value that only we can read, for this browser and purpose.
func (s *Site) SealCookie(c *fiber.Ctx, name string, value any, life time.Duration) error {
	sealed, err := s.Keys.Seal("cookie "+name, value, life)
	if err != nil {
		return err
	}
	s.setCookie(c, name, sealed, life)
	return nil
}

func (s *Site) OpenCookie(c *fiber.Ctx, name string, into any) error {
	return s.Keys.Open("cookie "+name, c.Cookies(s.CookieName(name)), into)
}

// Device is what this browser remembers of the accounts it has signed in to.
func (s *Site) Device(c *fiber.Ctx) account.Device {
	var device account.Device
	if err := s.OpenCookie(c, DeviceCookie, &device); err != nil {
		return account.Device{}
	}
	return device
}

// RememberDevice notes that this browser has signed in to the account of an address.
func (s *Site) RememberDevice(c *fiber.Ctx, address string) error {
	if address == "" {
		return nil
	}
	return s.SealCookie(c, DeviceCookie, s.Caller(c).Device.With(address), deviceLife)
}
