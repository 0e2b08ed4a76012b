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

// github is goth's provider with PKCE. It has no ID token; addresses come from the list of the account's own, never
// from the public profile, where anyone may write someone else's (account takeover).
type github struct {
	traits
	provider *gothgithub.Provider
}

func newGitHub(config providerConfig) (provider, error) {
	client := config.GitHub
	if err := client.validate(); err != nil {
		return nil, err
	}
	return &github{
		traits: traits{name: "github", issuer: githubIssuer, probe: githubToken,
			pkce: true, keep: config.keep, transport: config.transport, decorate: clientSecretPost},
		provider: gothgithub.New(client.ID, client.Secret, config.callback, "read:user", "user:email"),
	}, nil
}

func (g *github) gothProvider(ex *exchange) (goth.Provider, error) {
	provider := *g.provider
	provider.HTTPClient = ex.client()
	return &provider, nil
}

// identify takes the number for a subject: a login can be given up and taken by someone else (account takeover).
func (g *github) identify(
	ex *exchange, upstream goth.Provider, session goth.Session, _ url.Values,
) (models.Identity, error) {
	user, err := fetchUser(upstream, session)
	if err != nil && !errors.Is(err, gothgithub.ErrNoVerifiedGitHubPrimaryEmail) {
		return models.Identity{}, err
	}
	if user.UserID == "0" { // goth's word for an answer without an id
		user.UserID = ""
	}
	email, err := primaryEmail(ex)
	if err != nil {
		return models.Identity{}, err
	}
	name := user.Name
	if name == "" {
		name = user.NickName
	}
	return models.Identity{Subject: user.UserID, Email: email, Vouched: email != "", Name: name}, nil
}

// primaryEmail is the account's primary address if GitHub has verified it, otherwise "".
func primaryEmail(ex *exchange) (string, error) {
	var mails []struct {
		Email             string
		Primary, Verified bool
	}
	if err := ex.getJSON(githubMails, &mails); err != nil {
		return "", err
	}
	for _, mail := range mails {
		if mail.Primary && mail.Verified {
			return mail.Email, nil
		}
	}
	return "", nil
}

// clientSecretPost moves the client's id and secret into the form, where GitHub's documentation has them (RFC 6749,
// 2.3.1); goth leaves that to x/oauth2, which tries the header first.
func clientSecretPost(r *http.Request, form url.Values) {
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
