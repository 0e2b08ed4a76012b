package account

import (
	"errors"

	"gatehouse/app/limit"
	"gatehouse/models"
)

// The codes of what an account refuses. Each has a sentence in the catalogue, "error." and the code.
const (
	CodeInvalidCredentials = "invalid_credentials"
	CodeAccountDisabled    = "account_disabled"
	CodeAddressTaken       = "address_taken"
	CodeIdentityTaken      = "identity_taken"
	CodeAnotherIdentity    = "another_identity"
	CodeLastWayIn          = "last_way_in"
	CodeBusy               = "busy"
	CodeRateLimited        = "rate_limited" // wait, a time.Duration
	CodeInvalidCode        = "invalid_code"
	CodeSpentCode          = "code_spent"

	CodeInvalidEmail       = "invalid_email"
	CodeSameEmail          = "email_unchanged"
	CodeNameRequired       = "name_required"
	CodeNameTooLong        = "name_too_long" // max
	CodeInvalidName        = "name_invalid"
	CodeInvalidPhone       = "invalid_phone"
	CodePasswordRequired   = "password_required"
	CodePasswordNeedsEmail = "password_needs_email"
	CodePasswordTooShort   = "password_too_short" // min
	CodePasswordTooLong    = "password_too_long"  // max
	CodeInvalidPassword    = "password_invalid"
	CodeCommonPassword     = "password_common"
	CodePersonalPassword   = "password_personal" // their name, their address or the site's
)

// Error is what a person is told: a code, and what its sentence names. Field is the form field it is about; "" for
// the whole form.
type Error struct {
	Code, Field string
	Args        map[string]any
}

// Error is for logs.
func (e *Error) Error() string { return "account: " + e.Code }

// FieldErrors are what is wrong with a form, at most one for each field.
type FieldErrors []*Error

// Error is for logs.
func (m FieldErrors) Error() string { return "account: mistakes in the form" }

// Of is what is wrong with a field; nil where nothing is.
func (m FieldErrors) Of(field string) *Error {
	for _, mistake := range m {
		if mistake.Field == field {
			return mistake
		}
	}
	return nil
}

// fieldErrors are those of the mistakes that were made, or no error.
func fieldErrors(mistakes ...*Error) error {
	var made FieldErrors
	for _, mistake := range mistakes {
		if mistake != nil {
			made = append(made, mistake)
		}
	}
	if len(made) == 0 {
		return nil
	}
	return made
}

// Refused is what an error of a verb tells the person; nil where it is not theirs to mend.
func Refused(err error) *Error {
	var refused *Error
	var exceeded limit.Exceeded
	switch {
	case errors.As(err, &exceeded):
		return &Error{Code: CodeRateLimited, Args: map[string]any{"wait": exceeded.Wait}}
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, models.ErrWrongCode):
		return &Error{Code: CodeInvalidCode, Field: "code"}
	case errors.Is(err, models.ErrSpentCode):
		return &Error{Code: CodeSpentCode, Field: "code"}
	case errors.Is(err, models.ErrLastWayIn):
		return &Error{Code: CodeLastWayIn}
	}
	return nil
}
