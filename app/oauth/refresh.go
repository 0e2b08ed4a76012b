package oauth

import (
	"cmp"
	"context"
	"fmt"

	"gatehouse/models"
)

// Refresh trades kept tokens for new ones. ErrProvider when the provider will not (the person took
// the permission back), or gave no refresh token in the first place; ErrUnavailable and ErrLimited
// are worth another try with the same tokens.
func (p *Providers) Refresh(ctx context.Context, provider string, tokens models.ProviderTokens) (models.ProviderTokens, error) {
	source, err := p.find(provider)
	if err != nil {
		return models.ProviderTokens{}, err
	}
	if tokens.Refresh == "" {
		return models.ProviderTokens{}, fmt.Errorf("%w: %s gave no refresh token", ErrProvider, provider)
	}
	t, done := newTrip(ctx, source.about(), Flow{})
	defer done()
	if err := t.refresh(source, tokens.Refresh); err != nil {
		return models.ProviderTokens{}, t.failed(err)
	}
	fresh := t.tokens(p.now())
	fresh.Refresh = cmp.Or(fresh.Refresh, tokens.Refresh)
	fresh.Scope = cmp.Or(fresh.Scope, tokens.Scope)
	return fresh, nil
}

func (t *trip) refresh(source source, token string) error {
	provider, err := source.dial(t)
	if err != nil {
		return err
	}
	return safely(func() error {
		_, err := provider.RefreshToken(token)
		return err
	})
}
