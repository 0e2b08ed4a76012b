//go:build resilience

package resilience_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// publicName is what the files in docs/deploy call the site.
const publicName = "accounts.example.com"

// front is a proxy on a file of docs/deploy, which speaks TLS.
type front struct {
	*process
	plain, secure string // its ports
	roots         *x509.CertPool
	redis         *redisServer // of the processes behind it
}

// bothProxies runs a scenario behind nginx and behind Caddy, each with the file that people copy, two
// processes and production's settings.
func bothProxies(t *testing.T, scenario func(t *testing.T, w *world, gates []*gatehouse, f *front)) {
	t.Helper()
	for name, begin := range map[string]func(*testing.T, []*gatehouse) *front{"nginx": nginxInFront,
		"caddy": caddyInFront} {
		t.Run(name, func(t *testing.T) {
			tool(t, name)
			r := newRedis(t)
			w := newWorld(t, r.url(), "APP_URL=https://"+publicName, "TRUSTED_PROXIES=127.0.0.1")
			gates := []*gatehouse{w.gate(), w.gate()}
			f := begin(t, gates)
			f.redis = r
			scenario(t, w, gates, f)
		})
	}
}

func nginxInFront(t *testing.T, gates []*gatehouse) *front {
	t.Helper()
	f, folder := &front{plain: freePort(t), secure: freePort(t)}, t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	certify(t, file("ca.pem"), file("server.pem"), file("server.key"))
	site := shipped(t, "nginx.conf", "listen 80;", "listen 127.0.0.1:"+f.plain+";", "listen 443 ssl",
		"listen 127.0.0.1:"+f.secure+" ssl",
		"127.0.0.1:3000", gates[0].addr, "127.0.0.1:3001", gates[1].addr,
		"/etc/ssl/"+publicName+".pem", file("server.pem"), "/etc/ssl/"+publicName+".key", file("server.key"))
	conf := fmt.Sprintf("daemon off; worker_processes 1; pid %[1]s/pid; events {}\n"+
		"http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; "+
		"uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\n%[2]s}\n", folder, site)
	if err := os.WriteFile(file("nginx.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, open := range []string{folder, filepath.Dir(folder)} { // nginx's worker is another user
		if err := os.Chmod(open, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	f.process = start(t, exec.Command(tool(t, "nginx"), "-c", file("nginx.conf"), "-e", file("error.log")))
	t.Cleanup(func() { f.signal(syscall.SIGQUIT); <-f.exited })
	f.opens(t, file("ca.pem"))
	return f
}

// caddyInFront has certificates of Caddy's own CA.
func caddyInFront(t *testing.T, gates []*gatehouse) *front {
	t.Helper()
	f, folder := &front{plain: freePort(t), secure: freePort(t)}, t.TempDir()
	site := shipped(t, "Caddyfile", "gatehouse-1:3000", gates[0].addr, "gatehouse-2:3000", gates[1].addr)
	site = fmt.Sprintf("{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n"+
		"\thttp_port %s\n\thttps_port %s\n\tdefault_bind 127.0.0.1\n\tstorage file_system %s\n}\n%s", f.plain, f.secure,
		folder, site)
	file := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(file, []byte(site), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool(t, "caddy"), "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = []string{"DOMAIN=" + publicName, "HOME=" + folder, "PATH=" + os.Getenv("PATH")}
	f.process = start(t, cmd)
	f.opens(t, filepath.Join(folder, "pki", "authorities", "local", "root.crt"))
	return f
}

// shipped is a file of docs/deploy with other names in it, each of which must be there.
func shipped(t *testing.T, name string, names ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/deploy/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(names); i += 2 {
		if !strings.Contains(string(text), names[i]) {
			t.Fatalf("docs/deploy/%s does not say %q", name, names[i])
		}
	}
	return strings.NewReplacer(names...).Replace(string(text))
}

// opens waits until a page comes through the proxy.
func (f *front) opens(t *testing.T, ca string) {
	t.Helper()
	eventually(t, "the proxy listens", func() bool {
		if !f.running() {
			t.Fatalf("the proxy: %s", f.said())
		}
		return listens(f.plain) && listens(f.secure)
	})
	eventually(t, ca+" is there", func() bool { _, err := os.Stat(ca); return err == nil })
	text, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	f.roots = x509.NewCertPool()
	if !f.roots.AppendCertsFromPEM(text) {
		t.Fatal("no CA")
	}
	eventually(t, "a page comes through", func() bool {
		return f.person(&world{t: t}, nil).
			get("/sign-in") == http.StatusOK
	})
}

// person comes through the proxy by the site's public name.
func (f *front) person(w *world, judge *judge) *person {
	jar, _ := cookiejar.New(nil)
	return &person{w: w, base: "https://" + publicName, judge: judge,
		client: &http.Client{Jar: jar, Timeout: 15 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: f.roots},
				DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					port := f.secure
					if strings.HasSuffix(addr, ":80") {
						port = f.plain
					}
					return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
				}}}}
}
