package words

import "context"

type contextKey struct{}

// With has what is drawn under ctx speak a language.
func With(ctx context.Context, l *Language) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// From is the language of what is drawn under ctx; English where nobody has chosen.
func From(ctx context.Context) *Language {
	if l, chosen := ctx.Value(contextKey{}).(*Language); chosen {
		return l
	}
	return English()
}
