package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"
)

// codeFlow is our own goth.Provider, where goth has none that will do: its X speaks OAuth 1.0a, its
// Apple knows no nonce and its OpenID Connect reads ID tokens without their signature.
type codeFlow struct {
	name    string
	config  oauth2.Config
	options []oauth2.AuthCodeOption
	client  *http.Client
	profile func() (goth.User, error) // nil where the ID token is all there is
}

func (c *codeFlow) Name() string        { return c.name }
func (c *codeFlow) SetName(name string) { c.name = name }
func (c *codeFlow) Debug(bool)          {}

// BeginAuth makes the session that holds the address to go to.
func (c *codeFlow) BeginAuth(state string) (goth.Session, error) {
	return &codeSession{AuthURL: c.config.AuthCodeURL(state, c.options...)}, nil
}

// UnmarshalSession reads what Marshal wrote.
func (c *codeFlow) UnmarshalSession(data string) (goth.Session, error) {
	session := &codeSession{}
	return session, json.Unmarshal([]byte(data), session)
}

// FetchUser reads the profile. The session must have been authorized.
func (c *codeFlow) FetchUser(session goth.Session) (goth.User, error) {
	s, ok := session.(*codeSession)
	if !ok || s.AccessToken == "" || c.profile == nil {
		return goth.User{}, errors.New("oauth: no profile to read")
	}
	user, err := c.profile()
	user.Provider = c.name
	return user, err
}

// RefreshToken trades a refresh token.
func (c *codeFlow) RefreshToken(token string) (*oauth2.Token, error) {
	return c.config.TokenSource(c.context(), &oauth2.Token{RefreshToken: token}).Token()
}

// RefreshTokenAvailable: whether one is given depends on the scopes asked for.
func (c *codeFlow) RefreshTokenAvailable() bool { return true }

func (c *codeFlow) context() context.Context {
	return context.WithValue(context.Background(), oauth2.HTTPClient, c.client)
}

// codeSession is one sign-in with a codeFlow.
type codeSession struct {
	AuthURL     string `json:"auth_url,omitempty"`
	AccessToken string `json:"access_token,omitempty"`
}

// GetAuthURL is the address to send the browser to.
func (s *codeSession) GetAuthURL() (string, error) {
	if s.AuthURL == "" {
		return "", errors.New(goth.NoAuthUrlErrorMessage)
	}
	return s.AuthURL, nil
}

// Marshal writes the session down.
func (s *codeSession) Marshal() string {
	b, _ := json.Marshal(s) // two strings always marshal
	return string(b)
}

// Authorize exchanges the code.
func (s *codeSession) Authorize(provider goth.Provider, params goth.Params) (string, error) {
	c, ok := provider.(*codeFlow)
	if !ok {
		return "", errors.New("oauth: session of another provider")
	}
	token, err := c.config.Exchange(c.context(), params.Get("code"))
	if err != nil {
		return "", err
	}
	s.AccessToken = token.AccessToken
	return token.AccessToken, nil
}
