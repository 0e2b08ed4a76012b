package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"
)

// process is a server under measure.
type process struct {
	command *exec.Cmd
	url     string
	stores  *stores // behind it; nil for none that are measured
}

func start(command *exec.Cmd, address, ready string) (*process, error) {
	command.Stderr = nil
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &process{command: command, url: "http://" + address}
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		response, err := http.Get(p.url + ready)
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return p, nil
		}
	}
	p.stop()
	return nil, errors.New("bench: a server did not come up: " + command.String())
}

func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	_ = p.command.Wait()
}

// cpu is the processor time that the process has used, user and system (proc(5): fields 14 and 15).
func (p *process) cpu() time.Duration {
	fields := stat(p.command.Process.Pid)
	if fields == nil {
		return 0
	}
	return ticks(fields[11], fields[12])
}

// stat is the fields of proc(5)'s stat behind the name, from the third on; nil without it.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, found := strings.Cut(string(text), ") ")
	if fields := strings.Fields(after); err == nil && found && len(fields) > 14 {
		return fields
	}
	return nil
}

// ticks are of 10 ms.
func ticks(user, system string) time.Duration {
	u, _ := strconv.Atoi(user)
	s, _ := strconv.Atoi(system)
	return time.Duration(u+s) * 10 * time.Millisecond
}

func (p *process) megabytes() float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	for line := range strings.Lines(string(status)) {
		if kb, found := strings.CutPrefix(line, "VmRSS:"); found {
			n, _ := strconv.ParseFloat(strings.Fields(kb)[0], 64)
			return n / 1024
		}
	}
	return 0
}

// startHouse runs Gatehouse with its log thrown away, as a log collector's pipe would take it.
func startHouse(binary, folder string, settings ...string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	command := exec.Command(binary)
	command.Dir = folder
	command.Env = append(os.Environ(), "ADDR="+address, "APP_URL=http://"+address, "LIMITS=off",
		"APP_SECRETS=a secret for the benchmark alone and long enough")
	command.Env = append(command.Env, settings...)
	return start(command, address, "/sign-in")
}

func startBare(redisURL string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(exec.Command(self, "bare", address, redisURL), address, "/json")
}

// serveBare is what the others are compared with: Fiber answering a small JSON, and Fiber running
// one script on Redis that reads and writes a hash.
func serveBare(address, redisURL string) {
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		panic(err)
	}
	client := redis.NewClient(options)
	script := redis.NewScript(`
local fields = redis.call('HMGET', KEYS[1], 'a', 'b', 'c')
redis.call('HSET', KEYS[1], 'a', (tonumber(fields[1]) or 0) + 1)
redis.call('PEXPIRE', KEYS[1], 600000)
return {1, fields[1], fields[2], fields[3]}`)
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/json", func(c *fiber.Ctx) error { return c.JSON(fiber.Map{"sub": "someone", "amr": []string{"pwd"}}) })
	app.Post("/script", func(c *fiber.Ctx) error {
		if err := script.Run(c.UserContext(), client, []string{"gatehouse-bench:" + c.Get("X-Key")}).Err(); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	})
	if err := app.Listen(address); err != nil {
		panic(err)
	}
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}
