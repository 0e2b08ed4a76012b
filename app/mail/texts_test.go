package mail

import (
	"errors"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
)

// Every kind says something, and each argument reaches the mail that is about it.
func TestEveryKindIsWorded(t *testing.T) {
	t.Parallel()
	args := Args{Code: "ABCD-EFGH", Provider: "Acme", Address: "a•••@example.com", Client: "Firefox on Linux"}
	needs := map[Kind]string{AddressChanged: args.Address, SessionReused: args.Client,
		ProviderJoined: args.Provider, ProviderLinked: args.Provider, ProviderUnlinked: args.Provider}
	for _, kind := range []Kind{SignUpCode, SignInCode, ResetCode, AddressCode, HaveAccount, NoPassword, AccountClosed,
		AddressInUse,
		PasswordReset, PasswordChanged, AddressChanged, SessionReused, AccountDeleted, ProviderJoined, ProviderLinked, ProviderUnlinked} {
		message, err := Render(kind, "ada@example.com", args)
		if err != nil || message.To != "ada@example.com" || message.Code != args.Code || message.Subject == "" ||
			message.Why == "" ||
			len(message.Lines) == 0 || slices.Contains(message.Lines, "") {
			t.Errorf("%s: %+v, %v", kind, message, err)
		}
		if text := message.Subject + message.Text(); !strings.Contains(text, needs[kind]) {
			t.Errorf("%s does not say %q: %s", kind, needs[kind], text)
		}
	}
	if _, err := Render("something else", "ada@example.com", args); !errors.Is(err, ErrRefused) {
		t.Errorf("an unknown kind: %v", err)
	}
}

// A mail that is tried again after its answer was lost has the Message-ID it had, so a mailbox can tell.
func TestAMailKeepsItsMessageID(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{})
	message, other := letter(), letter()
	message.ID, other.ID = "0193-row", "0194-row"
	for _, each := range []Message{message, message, other} {
		send(t, "smtp://"+server.addr, each)
	}
	var ids []string
	for _, got := range server.all() {
		parsed, err := netmail.ReadMessage(strings.NewReader(got.data))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, parsed.Header.Get("Message-ID"))
	}
	if want := []string{"<0193-row@gate.example>", "<0193-row@gate.example>",
		"<0194-row@gate.example>"}; !slices.Equal(ids, want) {
		t.Errorf("ids %v", ids)
	}
}
