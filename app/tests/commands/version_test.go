package commands

import (
	"regexp"
	"testing"

	"gatehouse/app/tests/testkit"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	got := testkit.Run(t, gatehouse, nil, "", "version")
	if got.Code != 0 || !regexp.MustCompile(`^gatehouse \S+ \(go1\.\S+, \w+/\w+\)\n$`).MatchString(got.Out) {
		t.Errorf("%d %q%s", got.Code, got.Out, got.Err)
	}
}
