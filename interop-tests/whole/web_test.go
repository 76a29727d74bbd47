//go:build interop

package whole

import (
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// nginxConf is a server that tells who it is.
const nginxConf = `worker_processes 1;
error_log /var/log/nginx.log;
pid /run/nginx.pid;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path /run/nginx-1; proxy_temp_path /run/nginx-2; fastcgi_temp_path /run/nginx-3; uwsgi_temp_path /run/nginx-4; scgi_temp_path /run/nginx-5;
	server { listen 80; location / { return 200 "$hostname\n"; } location /nginx_status { stub_status on; } }
}
`

// TestWeb: nginx under its unmodified agent on a shared address, whose node crashes, whose processes are killed, and whose
// network is cut, while a client asks all the time.
func TestWeb(t *testing.T) {
	mixture := wantsStory(t, "/usr/sbin/nginx")
	s := formService(t, mixture, func(h *lab.Host) { h.WriteFile("/run/nginx.conf", nginxConf) })
	s.configure(
		"resource create address ocf:heartbeat:IPaddr2 ip="+shared+" cidr_netmask=24 nic=eth0 op monitor interval=2s --group web",
		"resource create server ocf:heartbeat:nginx configfile=/run/nginx.conf op monitor interval=1s --group web",
		"constraint location web avoids node3",
		"resource meta web resource-stickiness=100",
	)
	s.shows("Started node")
	s.use("curl -sf -m 2 http://" + shared + "/ >/dev/null")
	s.kill("nginx", false)
	s.shows("server")
	old := s.crash()
	s.back(old, func() {})
	old = s.cut()
	s.back(old, func() {})
	s.leave()
	t.Logf("%d answers", len(s.numbers()))
	s.end()
}
