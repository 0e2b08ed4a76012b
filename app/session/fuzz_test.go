package session

import (
	"slices"
	"strings"
	"testing"

	"gatehouse/models"
)

// Fuzzed: what is written into a record is read back, whatever people and browsers call themselves; and a record
// that a newer build wrote, or nobody, is an error or a session, never a panic.
func FuzzRecord(f *testing.F) {
	f.Add("1 1700000000000 0 1700000000000 3600000", "1700000000000\t1\tpwd mfa\tgoogle\t1700000000000",
		"Firefox\t192.0.2.1", "admin\t1\ta@example.com\t0123\tAda")
	f.Add("1 1 0 1 1 9 more", "1\t0\tpwd\t\t1\tadded", "a\tb\tc", "\t\t\t\tAda\tadded")
	f.Add("", "", "", "")
	f.Fuzz(func(t *testing.T, moving, fixed, client, claims string) {
		s, err := record{moving, fixed, client, claims}.session("user", "id")
		if err == nil && strings.Contains(s.Client+s.IP+s.Provider+s.Claims.Name+s.Claims.Email, "\t") {
			t.Fatalf("two values in one: %+v", s)
		}
		kept := models.Claims{Roles: strings.Fields(fixed), Name: claims, Email: client, EmailVerified: len(moving)%2 == 0,
			Picture: moving}
		read := record{claims: written(kept)}.read()
		for _, value := range []*string{&kept.Name, &kept.Email, &kept.Picture} {
			*value = strings.ReplaceAll(*value, "\t", " ")
		}
		if !read.Equal(kept) || !slices.Equal(read.Roles, kept.Roles) {
			t.Fatalf("written as %+v, read as %+v", kept, read)
		}
	})
}
