package oauth

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/markbates/goth"
	gothapple "github.com/markbates/goth/providers/apple"
	"golang.org/x/oauth2"

	"gatehouse/models"
)

const (
	appleIssuer    = "https://appleid.apple.com"
	appleAuthorize = "https://appleid.apple.com/auth/authorize"
	appleToken     = "https://appleid.apple.com/auth/token"
	appleKeys      = "https://appleid.apple.com/auth/keys"
)

// apple has a nonce and no PKCE, responds by a cross-site POST (response_mode form_post), and takes for a client secret
// a token signed with the key of the .p8.
type apple struct {
	traits
	client AppleClient
	config oauth2.Config
	tokens idTokens
	now    func() time.Time
}

func newApple(config providerConfig) (provider, error) {
	client := config.Apple
	if client.ClientID == "" || client.TeamID == "" || client.KeyID == "" || client.PrivateKey == "" {
		return nil, errors.New("the client id, the team id, the key id or the private key is missing")
	}
	// A key that came through one line of an environment file has its line ends spelled out.
	client.PrivateKey = strings.ReplaceAll(client.PrivateKey, `\n`, "\n")
	a := &apple{
		traits: traits{name: "apple", issuer: appleIssuer, probe: appleKeys,
			nonce: true, keep: config.keep, transport: config.transport},
		client: client,
		config: oauth2.Config{ClientID: client.ClientID, RedirectURL: config.callback, Scopes: []string{"name", "email"},
			Endpoint: oauth2.Endpoint{AuthURL: appleAuthorize, TokenURL: appleToken, AuthStyle: oauth2.AuthStyleInParams}},
		tokens: idTokens{issuer: appleIssuer, audience: client.ClientID, keys: remoteKeys(config.transport, appleKeys),
			now: config.now},
		now: config.now,
	}
	if _, err := a.secret(); err != nil {
		return nil, err
	}
	return a, nil
}

// secret mints a client secret for one exchange.
func (a *apple) secret() (minted string, err error) {
	now := a.now()
	err = recoverPanic(func() error {
		secret, err := gothapple.MakeSecret(gothapple.SecretParams{
			PKCS8PrivateKey: a.client.PrivateKey, TeamId: a.client.TeamID, KeyId: a.client.KeyID, ClientId: a.client.ClientID,
			Iat: int(now.Unix()), Exp: int(now.Add(time.Hour).Unix()),
		})
		if err == nil {
			minted = *secret
		}
		return err
	})
	if err != nil {
		return "", errors.New("APPLE_PRIVATE_KEY: the private key is not the PEM of a .p8 (PKCS #8, P-256)")
	}
	return minted, nil
}

func (a *apple) gothProvider(ex *exchange) (goth.Provider, error) {
	secret, err := a.secret()
	if err != nil {
		return nil, err
	}
	config := a.config
	config.ClientSecret = secret
	options := []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("response_mode", "form_post")}
	return &codeFlow{name: a.name, config: config, options: options, client: ex.client()}, nil
}

func (a *apple) identify(ex *exchange, _ goth.Provider, _ goth.Session, callback url.Values) (models.Identity, error) {
	claims, err := a.tokens.verify(ex)
	if err != nil {
		return models.Identity{}, err
	}
	return models.Identity{Subject: claims.Subject, Email: claims.Email, Vouched: isTrue(claims.Verified),
		Name: appleName(callback.Get("user"))}, nil
}

// appleName reads the field "user" of the first response only. It is unsigned, so anyone can forge it: the name is for
// display, and the address beside it is not read.
func appleName(field string) string {
	var user struct {
		Name struct{ FirstName, LastName string }
	}
	if len(field) > 4096 || json.Unmarshal([]byte(field), &user) != nil {
		return ""
	}
	return strings.TrimSpace(user.Name.FirstName + " " + user.Name.LastName)
}
