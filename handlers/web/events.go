package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/models"
)

// Record keeps a security event and writes it to the log. Failing to keep it does not undo what
// happened.
func (s *Site) Record(c *fiber.Ctx, event models.Event) {
	s.say(c, &event)
	if event.UserID != "" {
		s.keep(c, event)
	}
}

// attribute adds to an event who did it and when.
func (s *Site) attribute(c *fiber.Ctx, event *models.Event) {
	event.IP, event.Client, event.At = s.ClientIP(c).String(), ClientName(c), s.Now()
}

// say attributes an event and writes it to the log.
func (s *Site) say(c *fiber.Ctx, event *models.Event) {
	s.attribute(c, event)
	s.Log.InfoContext(c.UserContext(), "security", "kind", event.Kind, "user", event.UserID, "session", event.SessionID,
		"ip", event.IP, "detail", event.Detail, "id", RequestID(c))
}

func (s *Site) keep(c *fiber.Ctx, event models.Event) {
	err := s.Events.Record(c.UserContext(), event)
	if err != nil && !errors.Is(err, models.ErrNotFound) { // a person who is gone has no events
		s.Log.WarnContext(c.UserContext(), "could not keep a security event", "kind", event.Kind, "err", err)
	}
}

// RecordOwn records what a person did to their own account in this session.
func (s *Site) RecordOwn(c *fiber.Ctx, kind, detail string) {
	access, _ := Current(c)
	s.Record(c, models.Event{UserID: access.UserID, SessionID: access.SessionID, Kind: kind, Detail: detail})
}
