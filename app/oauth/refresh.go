package oauth

import (
	"cmp"
	"context"
	"fmt"

	"gatehouse/models"
)

// Refresh exchanges kept tokens for new ones (RFC 6749, 6). ErrProvider when the provider will not (the person took
// the permission back), or gave no refresh token in the first place; ErrUnavailable and ErrLimited
// are worth another try with the same tokens.
func (p *Providers) Refresh(
	ctx context.Context, provider string, tokens models.ProviderTokens,
) (models.ProviderTokens, error) {
	configured, err := p.find(provider)
	if err != nil {
		return models.ProviderTokens{}, err
	}
	if tokens.Refresh == "" {
		return models.ProviderTokens{}, fmt.Errorf("%w: %s gave no refresh token", ErrProvider, provider)
	}
	ex, done := newExchange(ctx, configured.about(), Flow{})
	defer done()
	if err := ex.refresh(configured, tokens.Refresh); err != nil {
		return models.ProviderTokens{}, ex.safeError(err)
	}
	fresh := ex.providerTokens(p.now())
	fresh.Refresh = cmp.Or(fresh.Refresh, tokens.Refresh)
	fresh.Scope = cmp.Or(fresh.Scope, tokens.Scope)
	return fresh, nil
}

func (ex *exchange) refresh(configured provider, token string) error {
	upstream, err := configured.gothProvider(ex)
	if err != nil {
		return err
	}
	return recoverPanic(func() error {
		_, err := upstream.RefreshToken(token)
		return err
	})
}
