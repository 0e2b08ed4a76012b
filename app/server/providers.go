package server

import (
	"time"

	"gatehouse/app/config"
	"gatehouse/app/oauth"
)

// OpenProviders are the providers that the settings name.
func OpenProviders(cfg config.Config, now func() time.Time) (*oauth.Providers, error) {
	settings := oauth.Settings{
		URL: cfg.URL.String(), Emulator: cfg.OAuthEmulator, Google: oauth.Client(cfg.Google),
		GitHub: oauth.Client(cfg.GitHub), Twitter: oauth.Client(cfg.Twitter), Keep: cfg.KeepProviderTokens,
	}
	settings.Apple.ClientID, settings.Apple.TeamID = cfg.Apple.ClientID, cfg.Apple.TeamID
	settings.Apple.KeyID, settings.Apple.PrivateKey = cfg.Apple.KeyID, cfg.Apple.PrivateKey
	settings.OIDC.Client = oauth.Client(cfg.OIDC.Client)
	settings.OIDC.Issuer, settings.OIDC.Name = cfg.OIDC.Issuer, cfg.OIDC.Name
	return oauth.New(settings, now)
}
