//go:build resilience

package resilience_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// balanced puts nginx in front of processes: in turn, and one more try for what one of them did not
// answer.
func (w *world) balanced(gates ...*gatehouse) *process {
	w.t.Helper()
	var servers strings.Builder
	for _, gate := range gates {
		fmt.Fprintf(&servers, "    server %s max_fails=0;\n", gate.addr)
	}
	folder := w.t.TempDir()
	if err := os.Chmod(folder, 0o777); err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(folder, "nginx.conf")
	text := fmt.Sprintf(nginxConf, folder, folder, folder, folder, folder, folder, servers.String(), w.public)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	nginx := start(w.t, exec.Command(tool(w.t, "nginx"), "-c", file, "-e", filepath.Join(folder, "error.log")))
	w.t.Cleanup(func() { nginx.signal(syscall.SIGQUIT); <-nginx.exited })
	_, port, _ := strings.Cut(w.public, ":")
	eventually(w.t, "nginx listens", func() bool {
		if !nginx.running() {
			said, _ := os.ReadFile(filepath.Join(folder, "error.log"))
			w.t.Fatalf("nginx: %s %s", nginx.said(), said)
		}
		return listens(port)
	})
	return nginx
}

const nginxConf = `daemon off;
worker_processes 1;
pid %s/pid;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path %s/body; proxy_temp_path %s/proxy;
  fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s;
  upstream gatehouse {
%s    keepalive 16;
  }
  server {
    listen %s;
    location / {
      proxy_pass http://gatehouse;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_next_upstream error timeout non_idempotent;
      proxy_next_upstream_tries 2;
      proxy_connect_timeout 1s;
    }
  }
}
`
