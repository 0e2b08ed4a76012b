package token

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// What is sealed under the data key opens under every secret that wraps it, and outlives each of them.
func TestTheDataKeyOutlivesASecret(t *testing.T) {
	t.Parallel()
	old, both, late := keys(t, time.Now, oldSecret), keys(t, time.Now, newSecret, oldSecret), keys(t, time.Now, newSecret)
	data := NewDataKey()
	text, err := data.Seal("mail", "hello")
	if err != nil || strings.Contains(text, "hello") {
		t.Fatal(text, err)
	}
	first := wrapped(t, old, data)
	again, whole, err := both.Unwrap(first)
	if err != nil || whole {
		t.Fatalf("a secret that lacks a wrapping: whole %t, %v", whole, err)
	}
	second := wrapped(t, both, again)
	if _, whole, err = both.Unwrap(second); err != nil || !whole {
		t.Fatalf("wrapped again: whole %t, %v", whole, err)
	}
	last, whole, err := late.Unwrap(second)
	if err != nil || whole {
		t.Fatalf("a secret was dropped: whole %t, %v", whole, err)
	}
	var got string
	if err := last.Open("mail", text, &got); err != nil || got != "hello" {
		t.Fatal(got, err)
	}
	if _, _, err := late.Unwrap(first); !errors.Is(err, ErrInvalid) {
		t.Fatalf("no secret fits: %v", err)
	}
}

func TestDataOpensUnderItsKeyForItsPurposeAlone(t *testing.T) {
	t.Parallel()
	data, got := NewDataKey(), ""
	text, err := data.Seal("mail", "hello")
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() error{
		"another purpose": func() error { return data.Open("token", text, &got) },
		"another key":     func() error { return NewDataKey().Open("mail", text, &got) },
		"a changed text":  func() error { return data.Open("mail", "A"+text[1:], &got) },
		"nothing":         func() error { return data.Open("mail", "", &got) },
		"another type":    func() error { return data.Open("mail", text, new(int)) },
	} {
		if err := open(); !errors.Is(err, ErrInvalid) || got != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	moved := wrapped(t, keys(t, time.Now, oldSecret), data)
	moved[0].Secret = keys(t, time.Now, newSecret).all[0].id
	if _, _, err := keys(t, time.Now, newSecret).Unwrap(moved); !errors.Is(err, ErrInvalid) {
		t.Errorf("a wrapping under another's name: %v", err)
	}
}

func wrapped(t *testing.T, k *Keys, data *DataKey) []Wrapping {
	t.Helper()
	all, err := k.Wrap(data)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
