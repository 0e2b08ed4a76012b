package views

import "github.com/a-h/templ"

// Form is a form that draws itself: alone for htmx, within its page for everyone else.
type Form struct {
	Title    string // of its page, by its key in the catalogue
	Fragment templ.Component
	Whole    func(Page) templ.Component
}

// Form is /sign-in, drawn.
func (f SignInForm) Form() Form {
	return Form{"sign_in.title", SignIn(f), func(p Page) templ.Component { return SignInPage(p, f) }}
}

// Form is /sign-up, drawn.
func (f SignUpForm) Form() Form {
	return Form{"sign_up.title", SignUp(f), func(p Page) templ.Component { return SignUpPage(p, f) }}
}

// Form is /verify, drawn.
func (f VerifyForm) Form() Form {
	return Form{"verify.title", Verify(f), func(p Page) templ.Component { return VerifyPage(p, f) }}
}

// Form is /forgot, drawn.
func (f ForgotForm) Form() Form {
	return Form{"forgot.title", Forgot(f), func(p Page) templ.Component { return ForgotPage(p, f) }}
}

// Form is /reset, drawn.
func (f ResetForm) Form() Form {
	return Form{"reset.title", Reset(f), func(p Page) templ.Component { return ResetPage(p, f) }}
}

// Form is /confirm, drawn.
func (f ConfirmForm) Form() Form {
	return Form{"confirm.title", Confirm(f), func(p Page) templ.Component { return ConfirmPage(p, f) }}
}

// Form is the last look before an account goes, drawn.
func (f ProfileDeleteForm) Form() Form {
	return Form{"delete.title", ProfileDelete(f), func(p Page) templ.Component { return DeletePage(p, f) }}
}
