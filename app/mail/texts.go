package mail

import (
	"fmt"
	"maps"
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

// text is what a kind says. No name goes into a mail: a stranger who signs up with our form must not get to
// write to whom they like.
type text struct {
	subject string
	lines   []string
	why     string
}

const (
	whyOwner        = "You get this mail because the account belongs to this address."
	notYou          = "If this was not you, reset your password at once: that signs out every device."
	notYourProvider = "If this was not you, sign in, disconnect it on your profile, and end the sessions you do not know."
)

// Render words a mail.
func Render(kind Kind, to string, args Args) (Message, error) {
	all := codeTexts()
	maps.Copy(all, attemptTexts())
	maps.Copy(all, changeTexts(args))
	maps.Copy(all, providerTexts(args.Provider))
	said, found := all[kind]
	if !found {
		return Message{}, fmt.Errorf("%w: no mail is called %q", ErrRefused, kind)
	}
	return Message{To: to, Subject: said.subject, Lines: said.lines, Code: args.Code, Why: said.why}, nil
}

func codeTexts() map[Kind]text {
	return map[Kind]text{
		SignUpCode: {"Your code to create an account",
			[]string{"Enter this code on the page where you signed up. It works for 10 minutes, once."},
			"You get this mail because someone signed up with this address. If it was not you, do nothing: without the code no account is made."},
		SignInCode: {"Your code to sign in",
			[]string{
				"Enter this code together with your password, on the page where you are signing in. It works for 10 minutes, once.",
				"Somebody may be guessing at your password. Without this code, no guess is looked at.",
			},
			"You get this mail because someone is signing in with this address in a browser that has not signed in with it before. If it was not you, do nothing."},
		ResetCode: {"Your code to reset the password",
			[]string{"Enter this code on the page where you asked for it, and choose a new password. It works for 10 minutes, once."},
			"You get this mail because someone asked to reset your password. If it was not you, do nothing: your password stays as it is."},
		AddressCode: {"Your code to prove this address",
			[]string{"Enter this code on your profile to use this address for your account. It works for 10 minutes, once."},
			"You get this mail because someone wants to use this address for their account. If it was not you, do nothing."},
	}
}

func attemptTexts() map[Kind]text {
	return map[Kind]text{
		HaveAccount: {"You already have an account",
			[]string{
				"Someone, perhaps you, signed up with this address. It already has an account, so nothing has changed.",
				"Sign in with this address. If you do not know the password, choose “Forgot password” on the sign-in page.",
			},
			"You get this mail because someone signed up with this address. If it was not you, do nothing."},
		NoPassword: {"Your account has no password",
			[]string{"Someone, perhaps you, tried to sign in with this address and a password. Your account has none: sign in the way you did before, or choose “Forgot password” to set one."},
			whyOwner},
		AccountClosed: {"Your account is closed",
			[]string{"Someone, perhaps you, asked to reset the password of this account. It has been closed, so the password cannot be reset."},
			whyOwner},
		AddressInUse: {"This address already has an account",
			[]string{"Someone, perhaps you, wanted to use this address for another account. It already belongs to an account, so nothing has changed."},
			whyOwner},
	}
}

func changeTexts(args Args) map[Kind]text {
	return map[Kind]text{
		PasswordReset: {"Your password was reset", resetLines(args.Provider), whyOwner},
		PasswordChanged: {"Your password was changed",
			[]string{"The password of your account was changed on the profile page.", notYou},
			whyOwner},
		AddressChanged: {"Your address was changed",
			[]string{
				"The address of your account is now " + args.Address + ". This one no longer signs in.",
				"If this was not you, answer whoever runs this site at once: a reset no longer reaches you here.",
			},
			"You get this mail because the account belonged to this address until now."},
		SessionReused: {"A session of yours was ended",
			[]string{
				"A key to your session (" + args.Client + ") was used twice, so two browsers may have held it. The session has ended on every device.",
				"Sign in again. If you do not know why this happened, change your password and end the sessions you do not know.",
			},
			whyOwner},
		AccountDeleted: {"Your account is deleted",
			[]string{"Your account and everything in it is gone. This address is free for a new one."},
			"You get this mail because the account belonged to this address."},
	}
}

func providerTexts(provider string) map[Kind]text {
	return map[Kind]text{
		ProviderJoined: {provider + " now signs you in",
			[]string{"Someone signed in with " + provider + ", which says that this address is theirs. It is connected to your account now.", notYourProvider},
			whyOwner},
		ProviderLinked:   {provider + " now signs you in", []string{"You connected " + provider + " to your account.", notYourProvider}, whyOwner},
		ProviderUnlinked: {provider + " no longer signs you in", []string{"You disconnected " + provider + " from your account.", notYou}, whyOwner},
	}
}

// resetLines name what else signs in: a new password leaves what a thief may have connected.
func resetLines(providers string) []string {
	lines := []string{"The password of your account was reset with a code sent to this address. Every device was signed out."}
	if providers != "" {
		lines = append(lines, "These still sign in to your account, too: "+providers+
			". Disconnect on your profile what you do not know.")
	}
	return append(lines, notYou)
}
