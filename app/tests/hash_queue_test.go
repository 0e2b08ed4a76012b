package tests

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/account"
	"gatehouse/app/server"
	"gatehouse/app/tests/testkit"
)

// fillHashQueue keeps the strangers' lane of the hash queue full until the returned function is called, whatever
// pace this machine answers requests at.
func fillHashQueue(h *testkit.House) (stop func()) {
	ctx, cancel := context.WithCancel(h.T.Context())
	var flood sync.WaitGroup
	for range runtime.GOMAXPROCS(0) + 2*server.MaxWaiting {
		flood.Go(func() {
			for ctx.Err() == nil {
				if _, _, err := h.Passwords.Verify(ctx, account.Strangers, "", typedPassword); errors.Is(err, account.ErrBusy) {
					<-time.After(time.Millisecond)
				}
			}
		})
	}
	return func() {
		cancel()
		flood.Wait()
	}
}

// Where the hash queue is full a stranger is told to come again, with what was typed and a way that waits
// for nobody; a browser that has been here before goes first.
func TestFullQueueKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "LIMITS=off")
	email := testkit.Someone()
	known := h.Browser().SignUp(email)
	known.Want(known.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	defer fillHashQueue(h)()
	testkit.Eventually(t, "a stranger meets a full queue", func() bool {
		stranger := h.Browser()
		got := stranger.Post("/sign-in", "email", testkit.Someone(), "password", typedPassword)
		if got.Status != 503 {
			return false
		}
		if got.Header.Get("Retry-After") == "" || strings.Contains(got.Body, typedPassword) ||
			!strings.Contains(got.Body, `value="code"`) {
			t.Errorf("busy, without a time to come again or another way: %v", got.Header)
		}
		return true
	})
	known.SignIn(email)
	fresh := h.Browser()
	fresh.Want(fresh.Post("/sign-in", "email", email, "action", "code", "next", "/profile"), 303, "/verify")
	fresh.Want(fresh.Post("/verify", "code", newestCode(h, email, 1, codeSubject), "password", testkit.Password), 303,
		"/profile")
	forgetful := h.Browser()
	forgetful.Want(forgetful.Post("/forgot", "email", email), 303, "/reset")
	forgetful.Want(forgetful.Post("/reset", "code", newestCode(h, email, 1, resetSubject), "password", otherPassword),
		303, "/sign-in?notice=reset&next=%2Fdashboard")
}
