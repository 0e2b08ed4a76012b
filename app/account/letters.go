package account

// Letter is a mail to be sent, field for field a mail.Message. Code is "" without one; Why says
// in one sentence why the person got it.
type Letter struct {
	To, Subject string
	Lines       []string
	Code        string
	Why         string
	First       bool // a code of someone who has an account: before those of sign-ups
}

const (
	whyOwner = "You get this mail because the account belongs to this address."
	notYou   = "If this was not you, reset your password at once: that signs out every device."
)

func signUpLetter(to, code string) Letter {
	return Letter{
		To: to, Subject: "Your code to create an account", Code: code,
		Lines: []string{"Enter this code on the page where you signed up. It works for 10 minutes, once."},
		Why:   "You get this mail because someone signed up with this address. If it was not you, do nothing: without the code no account is made.",
	}
}

func haveAccountLetter(to string) Letter {
	return Letter{
		To: to, Subject: "You already have an account",
		Lines: []string{
			"Someone, perhaps you, signed up with this address. It already has an account, so nothing has changed.",
			"Sign in with this address. If you do not know the password, choose “Forgot password” on the sign-in page.",
		},
		Why: "You get this mail because someone signed up with this address. If it was not you, do nothing.",
	}
}

func signInLetter(to, code string) Letter {
	return Letter{
		To: to, Subject: "Your code to sign in", Code: code,
		Lines: []string{
			"Enter this code together with your password, on the page where you are signing in. It works for 10 minutes, once.",
			"Somebody may be guessing at your password. Without this code, no guess is looked at.",
		},
		Why: "You get this mail because someone is signing in with this address in a browser that has not signed in with it before. If it was not you, do nothing.",
	}
}

func noPasswordLetter(to string) Letter {
	return Letter{
		To: to, Subject: "Your account has no password",
		Lines: []string{"Someone, perhaps you, tried to sign in with this address and a password. Your account has none: sign in the way you did before, or choose “Forgot password” to set one."},
		Why:   whyOwner,
	}
}

func resetLetter(to, code string) Letter {
	return Letter{
		To: to, Subject: "Your code to reset the password", Code: code,
		Lines: []string{"Enter this code on the page where you asked for it, and choose a new password. It works for 10 minutes, once."},
		Why:   "You get this mail because someone asked to reset your password. If it was not you, do nothing: your password stays as it is.",
	}
}

func disabledLetter(to string) Letter {
	return Letter{
		To: to, Subject: "Your account is closed",
		Lines: []string{"Someone, perhaps you, asked to reset the password of this account. It has been closed, so the password cannot be reset."},
		Why:   whyOwner,
	}
}

func passwordResetLetter(to string) Letter {
	return Letter{
		To: to, Subject: "Your password was reset",
		Lines: []string{"The password of your account was reset with a code sent to this address. Every device was signed out.", notYou},
		Why:   whyOwner,
	}
}

func passwordChangedLetter(to string) Letter {
	return Letter{
		To: to, Subject: "Your password was changed",
		Lines: []string{"The password of your account was changed on the profile page.", notYou},
		Why:   whyOwner,
	}
}

func proveAddressLetter(to, code string) Letter {
	return Letter{
		To: to, Subject: "Your code to prove this address", Code: code,
		Lines: []string{"Enter this code on your profile to use this address for your account. It works for 10 minutes, once."},
		Why:   "You get this mail because someone wants to use this address for their account. If it was not you, do nothing.",
	}
}

func addressInUseLetter(to string) Letter {
	return Letter{
		To: to, Subject: "This address already has an account",
		Lines: []string{"Someone, perhaps you, wanted to use this address for another account. It already belongs to an account, so nothing has changed."},
		Why:   whyOwner,
	}
}

func addressChangedLetter(old, address string) Letter {
	return Letter{
		To: old, Subject: "Your address was changed",
		Lines: []string{
			"The address of your account is now " + Mask(address) + ". This one no longer signs in.",
			"If this was not you, answer whoever runs this site at once: a reset no longer reaches you here.",
		},
		Why: "You get this mail because the account belonged to this address until now.",
	}
}

func joinedLetter(to, provider string) Letter {
	return Letter{
		To: to, Subject: provider + " now signs you in",
		Lines: []string{
			"Someone signed in with " + provider + ", which says that this address is theirs. It is connected to your account now.",
			"If this was not you, sign in, disconnect it on your profile, and end the sessions you do not know.",
		},
		Why: whyOwner,
	}
}

func linkedLetter(to, provider string) Letter {
	return Letter{
		To: to, Subject: provider + " now signs you in",
		Lines: []string{
			"You connected " + provider + " to your account.",
			"If this was not you, sign in, disconnect it on your profile, and end the sessions you do not know.",
		},
		Why: whyOwner,
	}
}

func unlinkedLetter(to, provider string) Letter {
	return Letter{
		To: to, Subject: provider + " no longer signs you in",
		Lines: []string{"You disconnected " + provider + " from your account.", notYou},
		Why:   whyOwner,
	}
}

func reuseLetter(to, client string) Letter {
	return Letter{
		To: to, Subject: "A session of yours was ended",
		Lines: []string{
			"A key to your session (" + client + ") was used twice, so two browsers may have held it. The session has ended on every device.",
			"Sign in again. If you do not know why this happened, change your password and end the sessions you do not know.",
		},
		Why: whyOwner,
	}
}

func deletedLetter(to string) Letter {
	return Letter{
		To: to, Subject: "Your account is deleted",
		Lines: []string{"Your account and everything in it is gone. This address is free for a new one."},
		Why:   "You get this mail because the account belonged to this address.",
	}
}
