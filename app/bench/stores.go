package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/lib/pq" // the driver

	"gatehouse/app/session"
)

// unread is the cost of a store that does not run on this machine, or on no Linux.
const unread = time.Duration(-1)

// stores are the servers behind a house, which nobody else asks meanwhile. What they cost is read from the
// kernel as the house's own cost is.
type stores struct{ postgres, redis int } // process ids

func openStores() (*stores, error) {
	s := &stores{}
	client, err := session.Dial(os.Getenv("TEST_REDIS_URL"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	info, err := client.Info(context.Background(), "server").Result()
	if err != nil {
		return nil, err
	}
	_, after, _ := strings.Cut(info, "process_id:")
	_, _ = fmt.Sscan(after, &s.redis)
	db, err := sql.Open("postgres", os.Getenv("TEST_DATABASE_URL"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	var backend int
	if err := db.QueryRow(`SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		return nil, err
	}
	if fields := stat(backend); fields != nil {
		s.postgres, _ = strconv.Atoi(fields[1])
	}
	return s, nil
}

// spent is the processor time that the stores have used so far, or unread.
type spent struct{ postgres, redis time.Duration }

func (s *stores) spent() spent {
	if s == nil {
		return spent{unread, unread}
	}
	return spent{family(s.postgres), ran(s.redis)}
}

// since is what one request of count has cost Postgres and Redis since before.
func (now spent) since(before spent, count int) (postgres, redis time.Duration) {
	if min(now.postgres, now.redis, before.postgres, before.redis) == unread {
		return unread, unread
	}
	return (now.postgres - before.postgres) / time.Duration(count), (now.redis - before.redis) / time.Duration(count)
}

// family is the processor time of a process's children: those that are over (proc(5): fields 16 and 17, in
// ticks of 10 ms) and those that live. Postgres has one for each connection.
func family(parent int) time.Duration {
	fields := stat(parent)
	if fields == nil {
		return unread
	}
	all := ticks(fields[13], fields[14])
	paths, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range paths {
		pid, _ := strconv.Atoi(filepath.Base(path))
		if child := stat(pid); child != nil && child[1] == strconv.Itoa(parent) {
			all += max(0, ran(pid))
		}
	}
	return all
}

// ran is the processor time of a process's main thread, which is all that a backend of Postgres has, and where
// Redis runs what it is asked.
func ran(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	first, _, _ := strings.Cut(string(text), " ")
	nanoseconds, wrong := strconv.ParseInt(first, 10, 64)
	if err != nil || wrong != nil {
		return unread
	}
	return time.Duration(nanoseconds)
}
