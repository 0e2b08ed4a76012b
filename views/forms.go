package views

// SignInForm is /sign-in: email, password, remember, next.
type SignInForm struct {
	Email, Next string
	Remember    bool
	Busy        bool // too many at once: offer a code by mail, which waits for nobody
	Providers   []Provider
	Notice      Notice

	Error, EmailError, PasswordError string
}

// SignUpForm is /sign-up: name, email, password, remember, next.
type SignUpForm struct {
	Name, Email, Next string
	Remember          bool
	Providers         []Provider
	PasswordMin       int
	Notice            Notice

	Error, NameError, EmailError, PasswordError string
}

// VerifyForm is /verify: code, next, and password where Purpose is sign-in; or action=resend for a new
// code.
type VerifyForm struct {
	Code  string // as typed, where it is right
	Email string // where the code went
	Next  string
	Spent bool // only a new code helps
	// Purpose is "sign-up"; "email" for an address a signed-in person is about to add; or "sign-in" for a
	// code that is asked beside the password.
	Purpose string
	Notice  Notice

	Error, CodeError, PasswordError string
}

// ForgotForm is /forgot: email.
type ForgotForm struct {
	Email, Next string
	Notice      Notice

	Error, EmailError string
}

// ResetForm is /reset: code, password; or action=resend for a new code.
type ResetForm struct {
	Code        string // as typed; the password is never sent back
	Email       string // where the code went
	Next        string
	Spent       bool // only a new code helps
	PasswordMin int
	Notice      Notice

	Error, CodeError, PasswordError string
}

// ConfirmForm asks a signed-in person to show again who they are: password, next.
type ConfirmForm struct {
	Email     string // for password managers; may be ""
	Next      string
	Sentence  string // why this is asked
	Password  bool   // the person has one
	Providers []Provider
	Notice    Notice

	Error, PasswordError string
}

// Home is the front page.
type Home struct{ Providers []Provider }
