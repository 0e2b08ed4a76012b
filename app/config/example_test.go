package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// .env.example lists every setting there is and no other, each with the default it really has.
func TestExampleListsEverySetting(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(line, "#") {
			listed[name] = value
		}
	}
	asked := map[string]bool{}
	bare, err := Load(func(name string) string {
		asked[name] = true
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range asked {
		if _, found := listed[strings.TrimSuffix(name, "_FILE")]; !found { // its first lines say that secrets have one
			t.Errorf(".env.example does not list %s", name)
		}
	}
	for name := range listed {
		if !asked[name] {
			t.Errorf(".env.example lists %s, which nothing reads", name)
		}
	}
	copied, err := Load(func(name string) string { return listed[name] })
	if err != nil || !reflect.DeepEqual(copied, bare) {
		t.Errorf("copied as it is, .env.example means %+v, %v, want %+v", copied, err, bare)
	}
}
