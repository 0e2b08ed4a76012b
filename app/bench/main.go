// Command bench measures Gatehouse as a whole process on this machine: CPU per request, its own and its stores',
// read from the kernel, beside a bare Fiber handler in the same run. Figures of another machine differ; the ratios
// hardly do. Where others work on the machine too, compare only what ran within the same minute. "-" is what could
// not be read: the stores of another machine, or without Linux. It needs TEST_DATABASE_URL and TEST_REDIS_URL, of
// servers that nobody else asks meanwhile (make bench sees to them).
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		serveBare(os.Args[2], os.Args[3])
		return
	}
	requestsOnly := flag.Bool("requests", false, "only what requests cost")
	sessions := flag.Int("sessions", 100_000, "sessions to put into Redis for the figures of memory and of growth")
	attackOnly := flag.Bool("attack", false, "only the sign-ins of an owner whom strangers guess at")
	flag.Parse()
	if err := measure(*sessions, *attackOnly, *requestsOnly); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(sessions int, attackOnly, requestsOnly bool) error {
	folder, err := os.MkdirTemp("", "gatehouse-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	binary := filepath.Join(folder, "gatehouse")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./app")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if attackOnly {
		return measureAttack(binary, folder)
	}
	if err := measureStart(binary, folder); err != nil {
		return err
	}
	bare, err := startBare(os.Getenv("TEST_REDIS_URL"))
	if err != nil {
		return err
	}
	defer bare.stop()
	house, err := startHouse(binary, folder, "DATABASE_URL="+os.Getenv("TEST_DATABASE_URL"),
		"REDIS_URL="+os.Getenv("TEST_REDIS_URL"), "ACCESS_CLAIMS=name,email,email_verified,picture")
	if err != nil {
		return err
	}
	defer house.stop()
	if house.stores, err = openStores(); err != nil {
		return err
	}
	people, err := signUpMany(house, connections)
	if err != nil {
		return err
	}
	if err := giveRoles(people); err != nil {
		return err
	}
	if err := measureRequests(bare, house, people); err != nil {
		return err
	}
	others, err := signUpMany(house, 16) // each sign-in lengthens a dashboard
	if err != nil {
		return err
	}
	if err := measureSignIn(house, others); err != nil || requestsOnly {
		return err
	}
	if err := measureSessions(bare, house, people, sessions); err != nil {
		return err
	}
	return measureAttack(binary, folder)
}

// measureStart is a cold start on SQLite: from exec to the first 200, and the memory at rest.
func measureStart(binary, folder string) error {
	began := time.Now()
	house, err := startHouse(binary, folder)
	if err != nil {
		return err
	}
	defer house.stop()
	fmt.Printf("%-44s %8.0f ms\n", "cold start to the first 200, SQLite, empty", float64(time.Since(began).Milliseconds()))
	time.Sleep(time.Second)
	fmt.Printf("%-44s %8.1f MB\n", "memory at rest", house.megabytes())
	return nil
}
