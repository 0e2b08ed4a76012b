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

func (f *codeFlow) Name() string        { return f.name }
func (f *codeFlow) SetName(name string) { f.name = name }
func (f *codeFlow) Debug(bool)          {}

// BeginAuth makes the session that holds the address to go to.
func (f *codeFlow) BeginAuth(state string) (goth.Session, error) {
	return &codeSession{AuthURL: f.config.AuthCodeURL(state, f.options...)}, nil
}

// UnmarshalSession reads what Marshal wrote.
func (f *codeFlow) UnmarshalSession(data string) (goth.Session, error) {
	session := &codeSession{}
	return session, json.Unmarshal([]byte(data), session)
}

// FetchUser reads the profile. The session must have been authorized.
func (f *codeFlow) FetchUser(session goth.Session) (goth.User, error) {
	s, ok := session.(*codeSession)
	if !ok || s.AccessToken == "" || f.profile == nil {
		return goth.User{}, errors.New("oauth: no profile to read")
	}
	user, err := f.profile()
	user.Provider = f.name
	return user, err
}

// RefreshToken exchanges a refresh token (RFC 6749, 6).
func (f *codeFlow) RefreshToken(token string) (*oauth2.Token, error) {
	return f.config.TokenSource(f.context(), &oauth2.Token{RefreshToken: token}).Token()
}

// RefreshTokenAvailable: whether one is given depends on the scopes asked for.
func (f *codeFlow) RefreshTokenAvailable() bool { return true }

func (f *codeFlow) context() context.Context {
	return context.WithValue(context.Background(), oauth2.HTTPClient, f.client)
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
func (s *codeSession) Authorize(upstream goth.Provider, params goth.Params) (string, error) {
	f, ok := upstream.(*codeFlow)
	if !ok {
		return "", errors.New("oauth: session of another provider")
	}
	token, err := f.config.Exchange(f.context(), params.Get("code"))
	if err != nil {
		return "", err
	}
	s.AccessToken = token.AccessToken
	return token.AccessToken, nil
}
