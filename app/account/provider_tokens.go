package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatehouse/models"
)

// RefreshTokens trades a provider's refresh token for new tokens at the provider.
type RefreshTokens func(ctx context.Context, provider string, old models.ProviderTokens) (models.ProviderTokens, error)

// early is how long before their end tokens are traded, so that they last for the call they are for.
const early = time.Minute

// ProviderTokens opens the tokens a provider gave at a user's sign-in, traded for new ones when
// they have expired. ErrNoTokens when none are kept or none can be had without the person.
func (a *Accounts) ProviderTokens(ctx context.Context, userID, provider string,
	refresh RefreshTokens) (models.ProviderTokens, error) {
	identity, err := a.keeper(ctx, userID, provider)
	if err != nil {
		return models.ProviderTokens{}, err
	}
	tokens, err := a.opened(identity)
	if err != nil || a.fresh(tokens) {
		return tokens, err
	}
	if tokens.Refresh == "" {
		return models.ProviderTokens{}, ErrNoTokens
	}
	return a.trade(ctx, identity, tokens, refresh)
}

// trade asks the provider and keeps its answer. Some providers take a refresh token once, so of two
// trades at once one fails or is too late: what the other has kept is then the answer.
func (a *Accounts) trade(ctx context.Context, identity models.Identity, old models.ProviderTokens,
	refresh RefreshTokens) (models.ProviderTokens, error) {
	tokens, failed := refresh(ctx, identity.Provider, old)
	if failed == nil {
		failed = a.replaceTokens(ctx, identity, keepRefresh(tokens, old))
	}
	if failed == nil {
		return keepRefresh(tokens, old), nil
	}
	now, err := a.db.Identities.Find(ctx, identity.Provider, identity.Subject)
	if err != nil || now.UserID != identity.UserID || now.Sealed == identity.Sealed {
		return models.ProviderTokens{}, fmt.Errorf("account: refresh %s tokens: %w", identity.Provider, failed)
	}
	return a.opened(now)
}

func (a *Accounts) replaceTokens(ctx context.Context, identity models.Identity, tokens models.ProviderTokens) error {
	text, err := a.data.Seal(tokensPurpose(identity), tokens)
	if err != nil {
		return err
	}
	return a.db.Identities.ReplaceTokens(ctx, identity, text)
}

// keeper is the user's identity at a provider, the one used last, if its tokens are kept.
func (a *Accounts) keeper(ctx context.Context, userID, provider string) (models.Identity, error) {
	if !slices.Contains(a.rules.KeepTokens, provider) {
		return models.Identity{}, ErrNoTokens
	}
	all, err := a.db.Identities.ByUser(ctx, userID)
	if err != nil {
		return models.Identity{}, err
	}
	all = slices.DeleteFunc(all, func(i models.Identity) bool { return i.Provider != provider || i.Sealed == "" })
	if len(all) == 0 {
		return models.Identity{}, ErrNoTokens
	}
	return slices.MaxFunc(all, func(x, y models.Identity) int { return x.LastUsedAt.Compare(y.LastUsedAt) }), nil
}

// sealed puts an identity's tokens to rest in it, if its provider's are kept, and in any case
// leaves none in the open. Before is what rested there: providers give the refresh token at the
// first sign-in and none at the next.
func (a *Accounts) sealed(identity models.Identity, before string) (models.Identity, error) {
	tokens := identity.Tokens
	identity.Tokens, identity.Sealed = models.ProviderTokens{}, ""
	if !slices.Contains(a.rules.KeepTokens, identity.Provider) {
		return identity, nil
	}
	if tokens.Access == "" {
		identity.Sealed = before
		return identity, nil
	}
	// Nothing, or nothing that still opens, has no refresh token to keep.
	old, _ := a.opened(models.Identity{Provider: identity.Provider, Subject: identity.Subject, Sealed: before})
	var err error
	identity.Sealed, err = a.data.Seal(tokensPurpose(identity), keepRefresh(tokens, old))
	return identity, err
}

// opened is what rests in an identity. ErrNoTokens where that does not open.
func (a *Accounts) opened(identity models.Identity) (models.ProviderTokens, error) {
	var tokens models.ProviderTokens
	if err := a.data.Open(tokensPurpose(identity), identity.Sealed, &tokens); err != nil {
		return models.ProviderTokens{}, ErrNoTokens
	}
	return tokens, nil
}

func (a *Accounts) fresh(tokens models.ProviderTokens) bool {
	return tokens.Expiry.IsZero() || a.now().Before(tokens.Expiry.Add(-early))
}

func keepRefresh(tokens, old models.ProviderTokens) models.ProviderTokens {
	if tokens.Refresh == "" {
		tokens.Refresh = old.Refresh
	}
	return tokens
}

// tokensPurpose names the row the tokens rest in, so that a copy put into another row stays shut.
func tokensPurpose(identity models.Identity) string {
	return "provider tokens " + identity.Provider + "\x00" + identity.Subject
}
