package emulator

import "strings"

// Person is someone to choose. ID is what person= in an authorize address says; the rest is what
// the provider says of them.
type Person struct {
	ID, Label string
	Subject   string
	Name      string
	Email     string
	Verified  bool
	Hosted    string // Google: the Workspace domain
	Slim      bool   // the ID token leaves name and address to the profile
	Login     string // GitHub, X
	Public    string // GitHub: the address on the public profile
	Mails     []Mail // GitHub: /user/emails
	Private   bool   // Apple: a relay address
	Strings   bool   // Apple: booleans come as strings
}

// Mail is an entry of GitHub's /user/emails.
type Mail struct {
	Email      string `json:"email"`
	Primary    bool   `json:"primary"`
	Verified   bool   `json:"verified"`
	Visibility string `json:"visibility"`
}

func (s *service) person(id string) (Person, bool) {
	for _, person := range s.people {
		if person.ID == id {
			return person, true
		}
	}
	return Person{}, false
}

// names splits a name the way providers do.
func (p Person) names() (first, last string) {
	first, last, _ = strings.Cut(p.Name, " ")
	return first, last
}

// orNil is s, or JSON's null.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
