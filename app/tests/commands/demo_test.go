package commands

import (
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gatehouse/app/tests/testkit"
	"gatehouse/app/tests/testkit/servers"
)

// The program that ships has no stand-in in it that lets anyone be anyone.
func TestTheEmulatorDoesNotShip(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "gatehouse/app").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "gatehouse/app/oauth\n") {
		t.Fatalf("not a list of packages:\n%s", out)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(name, "gatehouse/app/oauth/emulator") || strings.HasPrefix(name, "gatehouse/app/tests") {
			t.Errorf("gatehouse/app holds %s", name)
		}
	}
}

// The demo has every button, and both of its programs end together without a complaint.
func TestDemo(t *testing.T) {
	t.Parallel()
	demo, err := testkit.Build(t.TempDir(), "gatehouse/app/oauth/emulator/demo")
	if err != nil {
		t.Fatal(err)
	}
	at := free(t)
	var said servers.LogBuffer
	cmd := exec.CommandContext(t.Context(), demo, gatehouse)
	cmd.Env = []string{"ADDR=" + at, "DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "demo.db")}
	cmd.Dir, cmd.Stderr = t.TempDir(), &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "it serves", func() bool { return status("http://"+at+"/healthz") == http.StatusOK })
	for _, provider := range testkit.Providers {
		if status("http://"+at+"/auth/"+provider) != http.StatusSeeOther {
			t.Errorf("%s does not begin", provider)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || status("http://"+at+"/healthz") != 0 {
		t.Errorf("its end: %v\n%s", err, said.String())
	}
}

func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// status is how a GET is answered, without following; 0 where nobody does.
func status(address string) int {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(address)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
