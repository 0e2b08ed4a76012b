package mail

import (
	"fmt"

	"gatehouse/app/words"
)

// Kind says which mail.
type Kind string

// The mails there are: codes, answers to strangers' attempts, and notices of what changed.
const (
	SignUpCode       Kind = "sign_up_code"
	SignInCode       Kind = "sign_in_code"
	ResetCode        Kind = "reset_code"
	AddressCode      Kind = "address_code"
	HaveAccount      Kind = "have_account"
	NoPassword       Kind = "no_password"
	AccountClosed    Kind = "account_closed"
	AddressInUse     Kind = "address_in_use"
	PasswordReset    Kind = "password_reset"
	PasswordChanged  Kind = "password_changed"
	AddressChanged   Kind = "address_changed"
	SessionReused    Kind = "session_reused"
	AccountDeleted   Kind = "account_deleted"
	ProviderJoined   Kind = "provider_joined"
	ProviderLinked   Kind = "provider_linked"
	ProviderUnlinked Kind = "provider_unlinked"
)

// Args fill in what a kind leaves open.
type Args struct {
	Code     string `json:"code,omitempty"`
	Provider string `json:"provider,omitempty"`
	Address  string `json:"address,omitempty"` // masked
	Client   string `json:"client,omitempty"`  // browser and system
}

// Render words a mail from the catalogue. No name goes into a mail: a stranger who signs up with our form must not get
// to write to whom they like.
func Render(kind Kind, to string, args Args) (Message, error) {
	l, at := words.English(), "mail."+string(kind)
	if kind == "" || !l.Has(at+".subject") {
		return Message{}, fmt.Errorf("%w: no mail is called %q", ErrRefused, kind)
	}
	why := "mail.why_owner"
	if l.Has(at + ".why") {
		why = at + ".why"
	}
	fill := words.Args{"provider": args.Provider, "address": args.Address, "client": l.Client(args.Client)}
	return Message{Lang: l.Tag(), To: to, Subject: l.Say(at+".subject", fill), Code: args.Code, Why: l.Say(why),
		Lines: append(l.Lines(at+".lines", fill), further(l, kind, fill)...)}, nil
}

// further is what a mail says after its own lines: what to do if it was not you. A reset names what else signs in: a
// new password leaves what a thief may have connected.
func further(l *words.Language, kind Kind, fill words.Args) []string {
	switch kind {
	case PasswordReset:
		if fill["provider"] != "" {
			return []string{l.Say("mail.password_reset.others", fill), l.Say("mail.not_you")}
		}
		return []string{l.Say("mail.not_you")}
	case PasswordChanged, ProviderUnlinked:
		return []string{l.Say("mail.not_you")}
	case ProviderJoined, ProviderLinked:
		return []string{l.Say("mail.not_your_provider")}
	}
	return nil
}
