package web

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/views"
)

// Notice turns the word in an address into the sentence it stands for. Words that are none of ours
// say nothing, so nobody can put a sentence on our pages.
func Notice(c *fiber.Ctx, word string) views.Notice {
	info := map[string]string{"ended": "notice.ended", "signed-out": "notice.signed_out", "deleted": "notice.deleted"}
	success := map[string]string{
		"ready": "notice.ready", "reset": "notice.reset", "password": "notice.password", "email": "notice.email",
		"saved": "notice.saved", "linked": "notice.linked", "unlinked": "notice.unlinked", "sessions": "notice.sessions",
		"confirmed": "notice.confirmed",
	}
	if key, known := info[word]; known {
		return views.Notice{Kind: "info", Text: Say(c, key)}
	}
	if key, known := success[word]; known {
		return views.Notice{Kind: "success", Text: Say(c, key)}
	}
	return views.Notice{}
}
