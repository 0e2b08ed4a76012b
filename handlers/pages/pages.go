// Package pages answers with HTML: one file a resource. A handler reads the request, asks account, and shows what
// it was told, as a fragment to htmx and as a page to everyone else.
package pages

import (
	"gatehouse/app/mail"
	"gatehouse/app/oauth"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// Pages is what the pages need beside the site.
type Pages struct {
	*web.Site
	Providers   *oauth.Providers
	Mailbox     *mail.Mailbox // nil unless mails are kept and shown
	PasswordMin int

	drawing chan struct{} // one picture at a time
}

// New makes pages ready to answer.
func New(parts Pages) *Pages {
	parts.drawing = make(chan struct{}, 1)
	return &parts
}

// providers are the buttons to show.
func (p *Pages) providers() []views.Provider {
	var buttons []views.Provider
	for _, name := range p.Providers.Names() {
		buttons = append(buttons, views.Provider{Name: name.Provider, Label: name.Label})
	}
	return buttons
}
