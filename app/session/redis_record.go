package session

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/models"
)

// A session on Redis is four short fields of its user's hash (kept under 64 bytes for most people, so that Redis
// packs them), each with values in a fixed order:
//
//	<id>    count, rotated at, acknowledged at or 0, absolute end, idle window    (times in Unix ms; apart by blanks)
//	<id>:   started at, remembered, amr, provider, auth time                  (apart by tabs, as those that follow)
//	<id>@   client, IP
//	<id>=   roles, email verified, email, picture, name
//
// In a rolling deployment an older build reads what a newer one writes, and the other way about. So values are
// only ever added behind those that are there: what this build does not know it ignores and keeps, and what a
// record does not have yet is empty. More fields may be added to a session, too, as long as they begin with its id.

// idLength tells a session's id from the names of its other fields: 128 bits in base64url.
const idLength = 22

// record is the fields of one session as they are kept.
type record struct{ moving, fixed, client, claims string }

func howCame(s models.Session) string {
	remembered := "0"
	if s.Remembered {
		remembered = "1"
	}
	return tabbed(remembered, strings.Join(s.AMR, " "), s.Provider)
}

func cameFrom(s models.Session) string { return tabbed(clip(s.Client, 40), s.IP) }

func written(c models.Claims) string {
	verified := "0"
	if c.EmailVerified {
		verified = "1"
	}
	return tabbed(c.Roles.String(), verified, c.Email, c.Picture, c.Name)
}

// tabbed joins values, none of which can pass for two: what a browser calls itself may hold anything.
func tabbed(values ...string) string {
	for i, value := range values {
		values[i] = strings.ReplaceAll(value, "\t", " ")
	}
	return strings.Join(values, "\t")
}

func (r record) session(userID, id string) (models.Session, error) {
	numbers, err := leading(r.moving, 5)
	if err != nil {
		return models.Session{}, err
	}
	how, from := strings.Split(r.fixed, "\t"), strings.Split(r.client, "\t")
	started, err := leading(how[0], 1)
	if err != nil {
		return models.Session{}, err
	}
	authTime, err := strconv.ParseInt(value(how, 4), 10, 64)
	if err != nil { // a record of before
		authTime = started[0]
	}
	return models.Session{
		ID: id, UserID: userID, Count: numbers[0], RotatedAt: fromMS(numbers[1]), Acknowledged: numbers[2] > 0,
		SeenAt: fromMS(max(numbers[1], numbers[2])), EndsAt: fromMS(numbers[3]),
		Idle: time.Duration(numbers[4]) * time.Millisecond, StartedAt: fromMS(started[0]), AuthTime: fromMS(authTime), Remembered: value(how, 1) == "1",
		AMR: strings.Fields(value(how, 2)), Provider: value(how, 3), Client: value(from, 0), IP: value(from, 1),
		Claims: r.read(),
	}, nil
}

func (r record) read() models.Claims {
	c := strings.Split(r.claims, "\t")
	return models.Claims{Roles: strings.Fields(value(c, 0)), EmailVerified: value(c, 1) == "1", Email: value(c, 2),
		Picture: value(c, 3), Name: value(c, 4)}
}

// leading is the first n numbers of a field; a newer build may have added some.
func leading(field string, n int) ([]int64, error) {
	parts := strings.SplitN(field, " ", n+1)
	if len(parts) < n {
		return nil, errors.New("session: a record of another shape")
	}
	numbers := make([]int64, n)
	for i := range numbers {
		var err error
		if numbers[i], err = strconv.ParseInt(parts[i], 10, 64); err != nil {
			return nil, fmt.Errorf("session: a record of another shape: %w", err)
		}
	}
	return numbers, nil
}

// value is the value at a place, "" where an older build wrote none.
func value(values []string, at int) string {
	if at < len(values) {
		return values[at]
	}
	return ""
}

// liveAmong picks a user's live sessions out of the fields of their hash.
func liveAmong(userID string, fields map[string]string, now time.Time) ([]models.Session, error) {
	var live []models.Session
	for id, moving := range fields {
		if len(id) != idLength {
			continue
		}
		session, err := record{moving, fields[id+":"], fields[id+"@"], fields[id+"="]}.session(userID, id)
		if err != nil {
			return nil, err
		}
		if now.Before(session.LiveUntil()) {
			live = append(live, session)
		}
	}
	latestFirst(live)
	return live, nil
}

func latestFirst(sessions []models.Session) {
	slices.SortFunc(sessions, func(a, b models.Session) int {
		if order := b.SeenAt.Compare(a.SeenAt); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// clip shortens s to n bytes, on the edge of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

func fromMS(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
