package oauth

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/markbates/goth"
	gothgithub "github.com/markbates/goth/providers/github"

	"gatehouse/models"
)

const (
	githubToken  = "https://github.com/login/oauth/access_token"
	githubMails  = "https://api.github.com/user/emails"
	githubIssuer = "https://github.com/login/oauth"
)

// github is goth's provider with a code verifier. It has no ID token; addresses come from the list
// of the account's own, never from the public profile.
type github struct {
	traits
	provider *gothgithub.Provider
}

func newGitHub(plan plan) (source, error) {
	client := plan.GitHub
	if err := client.whole(); err != nil {
		return nil, err
	}
	return &github{
		traits: traits{name: "github", label: "GitHub", issuer: githubIssuer, probe: githubToken,
			pkce: true, keep: plan.keep, wire: plan.wire, dress: inBody},
		provider: gothgithub.New(client.ID, client.Secret, plan.callback, "read:user", "user:email"),
	}, nil
}

func (g *github) dial(t *trip) (goth.Provider, error) {
	provider := *g.provider
	provider.HTTPClient = t.client()
	return &provider, nil
}

// identify takes the number, for a login can be given up and taken by someone else.
func (g *github) identify(t *trip, provider goth.Provider, session goth.Session, _ url.Values) (models.Identity, error) {
	user, err := fetch(provider, session)
	if err != nil && !errors.Is(err, gothgithub.ErrNoVerifiedGitHubPrimaryEmail) {
		return models.Identity{}, err
	}
	if user.UserID == "0" { // goth's word for an answer without an id
		user.UserID = ""
	}
	email, err := primary(t)
	if err != nil {
		return models.Identity{}, err
	}
	name := user.Name
	if name == "" {
		name = user.NickName
	}
	return models.Identity{Subject: user.UserID, Email: email, Vouched: email != "", Name: name}, nil
}

// primary is the account's primary address if GitHub has verified it, otherwise "".
func primary(t *trip) (string, error) {
	var mails []struct {
		Email             string
		Primary, Verified bool
	}
	if err := t.json(githubMails, &mails); err != nil {
		return "", err
	}
	for _, mail := range mails {
		if mail.Primary && mail.Verified {
			return mail.Email, nil
		}
	}
	return "", nil
}

// inBody moves the client's id and secret to where GitHub's documentation has them; goth leaves
// that to x/oauth2, which tries the header first.
func inBody(r *http.Request, form url.Values) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return
	}
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	form.Set("client_id", id)
	form.Set("client_secret", secret)
	r.Header.Del("Authorization")
}
