package views

import (
	"time"

	"gatehouse/models"
)

// Dashboard is who a person is, where they are signed in, and what happened lately.
type Dashboard struct {
	User     models.User
	Session  models.Session // the one this page is read in
	Sessions SessionList
	Events   []models.Event
	// Providers are those with a button, whose labels name how a session began.
	Providers []Provider
	Now       time.Time
}

// SessionList is a person's live sessions. Ending posts to /profile/sessions: action=end with session, or
// action=end-others.
type SessionList struct {
	Current  string // id of the session this page is read in
	Sessions []models.Session
	Down     bool // the store does not answer
	Now      time.Time
	Notice   Notice
	Error    string
}

// Profile is every section of /profile.
type Profile struct {
	Details    ProfileDetailsForm
	Picture    ProfilePictureForm
	Email      ProfileEmailForm
	Password   ProfilePasswordForm
	Identities ProfileIdentitiesForm
	Sessions   SessionList
}

// ProfileDetailsForm is /profile: name, phone.
type ProfileDetailsForm struct {
	Name, Phone string
	Notice      Notice

	Error, NameError, PhoneError string
}

// ProfilePictureForm is /profile/picture: the file picture, or action=remove.
type ProfilePictureForm struct {
	Name   string // whose picture
	URL    string // "" for none
	Notice Notice

	Error, PictureError string
}

// ProfileEmailForm is /profile/email: email.
type ProfileEmailForm struct {
	Current string // "" for none
	Email   string // as typed
	Notice  Notice

	Error, EmailError string
}

// ProfilePasswordForm is /profile/password: current when there is one, and password.
type ProfilePasswordForm struct {
	Email       string // for password managers; "" asks for an address first
	Set         bool   // there is a password already
	PasswordMin int
	Notice      Notice

	Error, CurrentError, PasswordError string
}

// Connected is an identity on the profile.
type Connected struct {
	Provider   Provider
	Subject    string
	Email      string // what the provider says; may be ""
	LastUsedAt time.Time
	LastWayIn  bool // cannot be disconnected
}

// ProfileIdentitiesForm is /profile/identities: action=disconnect with provider and subject.
type ProfileIdentitiesForm struct {
	Connected []Connected
	Others    []Provider // can be connected: GET /auth/{name}?next=/profile
	Now       time.Time
	Notice    Notice

	Error string
}

// ProfileDeleteForm is /profile/delete: password, or confirm=yes without one.
type ProfileDeleteForm struct {
	Email    string // for password managers; may be ""
	Password bool   // the person has one
	Notice   Notice

	Error, PasswordError, ConfirmError string
}
