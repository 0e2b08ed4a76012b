// Package links is the one home of where this site's own addresses are: every link, action, asset and redirect is made
// by To, from a path as the route table has it. It knows the base path, which APP_URL may have.
package links

import (
	"context"
	"net/url"
	"strings"
)

// Base is the path of APP_URL without a slash at its end: "" at the root of a host, or "/account".
type Base string

// Of is the base of a public address.
func Of(public *url.URL) Base { return Base(strings.TrimSuffix(public.Path, "/")) }

// To is the path, on the host, of a path of ours: "/profile" is "/account/profile" under "/account".
func (b Base) To(local string) string { return string(b) + local }

type contextKey struct{}

// With has what is drawn under ctx lead to a base.
func With(ctx context.Context, b Base) context.Context {
	return context.WithValue(ctx, contextKey{}, b)
}

// To is a path of ours for what is drawn under ctx.
func To(ctx context.Context, local string) string {
	b, _ := ctx.Value(contextKey{}).(Base)
	return b.To(local)
}
