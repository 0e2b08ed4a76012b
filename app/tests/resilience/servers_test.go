//go:build resilience

package resilience_test

import (
	"context"
	"crypto/rand"
	gosql "database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"
	"github.com/redis/go-redis/v9"

	"gatehouse/app/session"
)

// redisServer is one redis-server. Started again, it is on the same port over the same files.
type redisServer struct {
	*process
	port, folder string
	args         []string
}

// newRedis starts a redis-server with more arguments than the usual.
func newRedis(t *testing.T, args ...string) *redisServer {
	t.Helper()
	r := &redisServer{port: freePort(t), folder: t.TempDir()}
	r.args = append([]string{"--port", r.port, "--bind", "127.0.0.1", "--save", "", "--dir", r.folder,
		"--maxmemory-policy", "noeviction"}, args...)
	r.start(t)
	return r
}

func (r *redisServer) start(t *testing.T) {
	t.Helper()
	r.process = start(t, exec.Command(tool(t, "redis-server"), r.args...))
	eventually(t, "redis-server on "+r.port+" listens", func() bool {
		if !r.running() {
			t.Fatalf("redis-server: %s", r.said())
		}
		return listens(r.port)
	})
}

func listens(port string) bool {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func (r *redisServer) url() string { return "redis://127.0.0.1:" + r.port + "/0" }

// client is the test's own look at this server.
func (r *redisServer) client(t *testing.T) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + r.port})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// hang stops the server without a word, for as long as it takes.
func (r *redisServer) hang()   { r.signal(syscall.SIGSTOP) }
func (r *redisServer) unhang() { r.signal(syscall.SIGCONT) }

// sentinels is a master, two replicas, and three sentinels that watch them.
type sentinels struct {
	url   string
	nodes []*redisServer
}

func newSentinels(t *testing.T) *sentinels {
	t.Helper()
	s := &sentinels{nodes: []*redisServer{newRedis(t)}}
	for range 2 {
		s.nodes = append(s.nodes, newRedis(t, "--replicaof", "127.0.0.1 "+s.nodes[0].port))
	}
	for _, replica := range s.nodes[1:] {
		client := replica.client(t)
		eventually(t, "a replica follows", func() bool {
			return strings.Contains(client.Info(t.Context(), "replication").Val(), "master_link_status:up")
		})
	}
	var ports []string
	for range 3 {
		port, folder := freePort(t), t.TempDir()
		file := filepath.Join(folder, "sentinel.conf")
		text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor gate 127.0.0.1 %s 2\n"+
			"sentinel down-after-milliseconds gate 1000\nsentinel failover-timeout gate 3000\n",
			port, folder, s.nodes[0].port)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		start(t, exec.Command(tool(t, "redis-server"), file, "--sentinel"))
		ports = append(ports, port)
	}
	for _, port := range ports {
		sentinel := redis.NewSentinelClient(&redis.Options{Addr: "127.0.0.1:" + port})
		t.Cleanup(func() { _ = sentinel.Close() })
		eventually(t, "the sentinels know each other", func() bool {
			known := sentinel.Master(t.Context(), "gate").Val()
			return known["num-other-sentinels"] == "2" && known["num-slaves"] == "2"
		})
	}
	s.url = fmt.Sprintf("redis://127.0.0.1:%s/0?master_name=gate&addr=127.0.0.1:%s&addr=127.0.0.1:%s", ports[0], ports[1],
		ports[2])
	return s
}

// cluster is three masters with a replica each.
type cluster struct {
	url   string
	nodes []*redisServer
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{}
	var addresses []string
	for range 6 {
		node := newRedis(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--cluster-config-file",
			"nodes.conf")
		c.nodes = append(c.nodes, node)
		addresses = append(addresses, "127.0.0.1:"+node.port)
	}
	create := exec.Command(tool(t, "redis-cli"),
		append(append([]string{"--cluster", "create"}, addresses...), "--cluster-replicas", "1", "--cluster-yes")...)
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("create the cluster: %v\n%s", err, out)
	}
	for _, node := range c.nodes {
		client := node.client(t)
		eventually(t, "every node knows the whole cluster", func() bool {
			info := client.ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:6") &&
				strings.Count(client.ClusterNodes(t.Context()).Val(), "slave") == 3
		})
		eventually(t, "every replica follows its master", func() bool {
			info := client.Info(t.Context(), "replication").Val()
			return strings.Contains(info, "role:master") || strings.Contains(info, "master_link_status:up")
		})
	}
	c.url = fmt.Sprintf("redis://%s/0?addr=%s&addr=%s", addresses[0], addresses[1], addresses[2])
	return c
}

// masterOf is the node that serves a key now.
func (c *cluster) masterOf(t *testing.T, key string) *redisServer {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:" + c.nodes[0].port}})
	defer func() { _ = client.Close() }()
	master, err := client.MasterForKey(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range c.nodes {
		if strings.HasSuffix(master.Options().Addr, ":"+node.port) {
			return node
		}
	}
	t.Fatalf("no node of ours serves %s", key)
	return nil
}

// alive reports whether a key is served now.
func (c *cluster) alive(t *testing.T, ctx context.Context, key string) bool {
	t.Helper()
	client, err := session.Dial(c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	return client.Exists(ctx, key).Err() == nil
}

// postgres is one PostgreSQL, which does not run as root.
type postgres struct {
	bin, folder, port string
	as                *syscall.Credential
}

func newPostgres(folder string) (*postgres, error) {
	p := &postgres{folder: folder}
	if path, err := exec.LookPath("initdb"); err == nil {
		p.bin = filepath.Dir(path)
	} else if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(found) > 0 {
		p.bin = filepath.Dir(found[len(found)-1])
	} else {
		return nil, fmt.Errorf("PostgreSQL's initdb is not here")
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		owner, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(owner.Uid)
		gid, _ := strconv.Atoi(owner.Gid)
		p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(folder, uid, gid); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.port = strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	_ = listener.Close()
	if err := p.run("initdb", "-D", folder, "-U", "gatehouse", "-A", "trust", "-E", "UTF8", "--no-sync"); err != nil {
		return nil, err
	}
	return p, p.start()
}

func (p *postgres) run(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir = p.folder
	if p.as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	}
	log := filepath.Join(filepath.Dir(p.folder), "postgres.out")
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout, cmd.Stderr = out, out // a file: the server inherits it, and a pipe would be waited for
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log)
		return fmt.Errorf("%s: %w\n%s", name, err, said)
	}
	return nil
}

func (p *postgres) start() error {
	return p.run("pg_ctl", "-D", p.folder, "-l", filepath.Join(p.folder, "log"), "-w", "-t", "60",
		"-o", fmt.Sprintf("-p %s -k %s -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300", p.port, p.folder),
		"start")
}

func (p *postgres) stop(mode string) error {
	return p.run("pg_ctl", "-D", p.folder, "-m", mode, "-w", "-t", "60", "stop")
}

func (p *postgres) remove() { _ = p.stop("immediate") }

func (p *postgres) url(database string) string {
	return "postgres://gatehouse@127.0.0.1:" + p.port + "/" + database + "?sslmode=disable"
}

// database makes an empty one and says its address.
func (p *postgres) database(t *testing.T) string {
	t.Helper()
	name := "g" + strings.ToLower(rand.Text())
	db, err := gosql.Open("postgres", p.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return p.url(name)
}

// opened is the test's own look at a database.
func opened(t *testing.T, address string) *gosql.DB {
	t.Helper()
	db, err := gosql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
