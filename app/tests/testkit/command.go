package testkit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Build makes a program of this module, such as gatehouse/app, as it ships.
func Build(folder, program string) (binary string, err error) {
	binary = filepath.Join(folder, strings.ReplaceAll(program, "/", "-"))
	build := exec.Command("go", "build", "-o", binary, program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", program, err, out)
	}
	return binary, nil
}

// Command is one run of the program: what it wrote and how it ended.
type Command struct {
	Out, Err string
	Code     int
	Ended    time.Time
}

// Command runs the program beside the house, under the same settings.
func (h *House) Command(binary, stdin string, args ...string) Command {
	h.T.Helper()
	var settings []string
	for name, value := range h.Env {
		settings = append(settings, name+"="+value)
	}
	return Run(h.T, binary, settings, stdin, args...)
}

// Run runs a program in a folder of its own, with these settings and none of the test's.
func Run(t *testing.T, binary string, settings []string, stdin string, args ...string) Command {
	t.Helper()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = settings, t.TempDir(), strings.NewReader(stdin), &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return Command{Out: out.String(), Err: said.String(), Code: cmd.ProcessState.ExitCode(), Ended: time.Now()}
}
