package web

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/words"
)

// Language is what a request is answered in.
func Language(*fiber.Ctx) *words.Language { return words.English() }

// Say is a sentence of the catalogue in the language of the request.
func Say(c *fiber.Ctx, key string, args ...words.Args) string { return Language(c).Say(key, args...) }

// SayError words what an account refuses: "" for nothing.
func SayError(c *fiber.Ctx, refused *account.Error) string {
	if refused == nil {
		return ""
	}
	return Say(c, "error."+refused.Code, refused.Args)
}
