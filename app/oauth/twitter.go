package oauth

import (
	"net/url"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"gatehouse/models"
)

const (
	twitterAuthorize = "https://x.com/i/oauth2/authorize"
	twitterToken     = "https://api.x.com/2/oauth2/token"
	twitterProfile   = "https://api.x.com/2/users/me?user.fields=confirmed_email,profile_image_url,name,username"
	twitterIssuer    = "https://x.com"
)

// twitter is X on OAuth 2.0. Routes and settings keep the old name.
type twitter struct {
	traits
	config oauth2.Config
}

func newTwitter(config providerConfig) (provider, error) {
	client := config.Twitter
	if err := client.validate(); err != nil {
		return nil, err
	}
	// tweet.read is not used, but X answers 403 to users.read alone.
	scopes := []string{"users.read", "tweet.read", "users.email"}
	if config.keep {
		scopes = append(scopes, "offline.access")
	}
	return &twitter{
		traits: traits{name: "twitter", issuer: twitterIssuer, probe: twitterToken,
			pkce: true, keep: config.keep, transport: config.transport},
		config: oauth2.Config{ClientID: client.ID, ClientSecret: client.Secret, RedirectURL: config.callback, Scopes: scopes,
			Endpoint: oauth2.Endpoint{AuthURL: twitterAuthorize, TokenURL: twitterToken, AuthStyle: oauth2.AuthStyleInHeader}},
	}, nil
}

func (x *twitter) gothProvider(ex *exchange) (goth.Provider, error) {
	return &codeFlow{name: x.name, config: x.config, client: ex.client(), profile: func() (goth.User, error) {
		return twitterUser(ex)
	}}, nil
}

func twitterUser(ex *exchange) (goth.User, error) {
	var answer struct {
		Data struct {
			ID       string `json:"id"`
			Name     string `json:"name"`
			Username string `json:"username"`
			Picture  string `json:"profile_image_url"`
			Email    string `json:"confirmed_email"`
		} `json:"data"`
	}
	err := ex.getJSON(twitterProfile, &answer)
	said := answer.Data
	return goth.User{UserID: said.ID, Name: said.Name, NickName: said.Username, AvatarURL: said.Picture,
		Email: said.Email}, err
}

// identify: X gives an address only once its owner has confirmed it, and many accounts have none.
func (x *twitter) identify(
	_ *exchange, upstream goth.Provider, session goth.Session, _ url.Values,
) (models.Identity, error) {
	user, err := fetchUser(upstream, session)
	if err != nil {
		return models.Identity{}, err
	}
	return models.Identity{Subject: user.UserID, Email: user.Email, Vouched: user.Email != "", Name: user.Name}, nil
}
