package session

import (
	"context"
	"time"

	"gatehouse/app/token"
	"gatehouse/models"
)

// longerThan is how much longer than our own the life of an access token may be, from iat to exp. A longer
// one was made under a longer ACCESS_TTL: what ended meanwhile is remembered for the shorter one alone, so it
// is refused to its end, and a refresh brings another.
const longerThan = time.Minute

// Resume opens an access token without I/O, and acknowledges it: it has come back from the browser. ErrNone when a
// refresh may help, ErrEnded when the session is known to be over. While the feed is behind, the store is asked.
func (e *Engine) Resume(ctx context.Context, access string) (token.Access, error) {
	current, err := e.look(ctx, access)
	if err == nil {
		e.acknowledge(current)
	}
	return current, err
}

// ResumeFor is Resume for whoever may ask on a browser's behalf, as another app does. The token is acknowledged only
// where the refresh token of its rotation comes along, which a browser alone has: an app that relays a refresh and
// asks with a token that the browser never got acknowledges nothing, or a lost answer would be taken for reuse.
func (e *Engine) ResumeFor(ctx context.Context, access, refresh string) (token.Access, error) {
	current, err := e.look(ctx, access)
	if err != nil || refresh == "" || e.acknowledgements.has(current.SessionID, current.Count) {
		return current, err
	}
	beside, refused := e.keys.OpenRefresh(refresh)
	if refused == nil && beside.SessionID == current.SessionID && beside.Count == current.Count {
		e.acknowledge(current)
	}
	return current, nil
}

func (e *Engine) acknowledge(current token.Access) {
	e.acknowledgements.note(models.Acknowledgement{UserID: current.UserID, SessionID: current.SessionID,
		Count: current.Count})
}

func (e *Engine) look(ctx context.Context, access string) (token.Access, error) {
	current, err := e.open(access)
	if err != nil || current.ExpiresAt.Sub(current.IssuedAt) > e.settings.AccessTTL+longerThan {
		return token.Access{}, ErrNone
	}
	if e.ended.has(current.SessionID) || e.endedBehind(ctx, current) {
		return token.Access{}, ErrEnded
	}
	return current, nil
}

// Carries names the person whose token this is: a live access token, or a refresh token that we signed,
// whatever has become of its session. Without I/O. ErrNone when it is neither.
func (e *Engine) Carries(access, refresh string) (userID string, err error) {
	userID, _, err = e.Names(access, refresh)
	return userID, err
}

// Names is the session whose token this is: a live access token's, or that of a refresh token that we signed.
// Without I/O. ErrNone when it is neither.
func (e *Engine) Names(access, refresh string) (userID, sessionID string, err error) {
	if current, err := e.open(access); err == nil {
		return current.UserID, current.SessionID, nil
	}
	if presented, err := e.keys.OpenRefresh(refresh); err == nil {
		return presented.UserID, presented.SessionID, nil
	}
	return "", "", ErrNone
}

// Over reports whether this process knows that a session has ended. Without I/O.
func (e *Engine) Over(id string) bool { return e.ended.has(id) }

// open verifies an access token, or finds the verdict on this very token again: a signature costs
// ten times the rest of the request.
func (e *Engine) open(access string) (token.Access, error) {
	if current, known := e.verified.get(access); known {
		if !e.now().Before(current.ExpiresAt) {
			return token.Access{}, token.ErrExpired
		}
		return current, nil
	}
	current, err := e.keys.OpenAccess(access)
	if err == nil {
		e.verified.put(access, current)
	}
	return current, err
}
