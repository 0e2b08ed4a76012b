package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/limit"
	"gatehouse/views"
)

// Rule is how often something may be done.
type Rule = limit.Rule

// Limits per client address. They stop a machine, not an office that shares one address.
var (
	AnyRule     = Rule{Name: "any", Rate: 500, Per: time.Second, Burst: 2000, Local: true}
	RefreshRule = Rule{Name: "refresh", Rate: 2000, Per: time.Second, Burst: 10_000, Local: true}
	ForgedRule  = Rule{Name: "forged", Rate: 60, Per: time.Minute, Burst: 200, Local: true}
	SignInRule  = Rule{Name: "sign-in", Rate: 60, Per: time.Minute, Burst: 60}
	SignUpRule  = Rule{Name: "sign-up", Rate: 30, Per: 10 * time.Minute, Burst: 30}
	// lines of what answers from memory
	linesRule = Rule{Name: "lines", Rate: 20, Per: time.Second, Burst: 200, Local: true}
	// a flow has five tries, wherever it comes from
	CodeRule     = Rule{Name: "code", Rate: 600, Per: time.Minute, Burst: 600, Local: true}
	ProviderRule = Rule{Name: "provider", Rate: 60, Per: time.Minute, Burst: 60}
	WriteRule    = Rule{Name: "write", Rate: 600, Per: time.Minute, Burst: 600, Local: true}
)

// Limits per person who is signed in.
var (
	OwnWriteRule = Rule{Name: "own-write", Rate: 120, Per: time.Minute, Burst: 120, Local: true}
	UploadRule   = Rule{Name: "upload", Rate: 20, Per: 10 * time.Minute, Burst: 20, Local: true}
)

// seconds rounds up, so that a client that waits as long as told is let in.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// PerClient limits a route per client.
func (s *Site) PerClient(rule Rule) Guard {
	return Guard{Rates: []Rule{rule}, Handle: func(c *fiber.Ctx) error {
		if err := s.Limits.TryClient(c.UserContext(), rule, s.ClientIP(c)); err != nil {
			return err
		}
		return c.Next()
	}}
}

// PerClientForm is PerClient for a form: it comes again with the sentence and with what was typed.
func (s *Site) PerClientForm(rule Rule, again func(c *fiber.Ctx, sentence string) views.Form) Guard {
	return Guard{Rates: []Rule{rule}, Handle: func(c *fiber.Ctx) error {
		if err := s.Limits.TryClient(c.UserContext(), rule, s.ClientIP(c)); err != nil {
			return s.Refuse(c, err, func(sentence string) views.Form { return again(c, sentence) })
		}
		return c.Next()
	}}
}

// PerUser limits a route per signed-in person, wherever they are.
func (s *Site) PerUser(rule Rule) Guard {
	return Guard{Rates: []Rule{rule}, Handle: func(c *fiber.Ctx) error {
		access, _ := Current(c)
		if err := s.Limits.Try(c.UserContext(), rule, access.UserID); err != nil {
			return err
		}
		return c.Next()
	}}
}
