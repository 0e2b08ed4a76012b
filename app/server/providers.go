package server

import (
	"fmt"
	"os"
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
	settings.Apple.ClientID, settings.Apple.TeamID, settings.Apple.KeyID = cfg.Apple.ClientID, cfg.Apple.TeamID, cfg.Apple.KeyID
	settings.Apple.PrivateKey = cfg.Apple.PrivateKey
	if cfg.Apple.PrivateKeyFile != "" {
		key, err := os.ReadFile(cfg.Apple.PrivateKeyFile)
		if err != nil {
			return nil, fmt.Errorf("APPLE_PRIVATE_KEY_FILE: %w", err)
		}
		settings.Apple.PrivateKey = string(key)
	}
	settings.OIDC.Client, settings.OIDC.Issuer, settings.OIDC.Name = oauth.Client(cfg.OIDC.Client), cfg.OIDC.Issuer, cfg.OIDC.Name
	return oauth.New(settings, now)
}
