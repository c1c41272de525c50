#!/usr/bin/env bash
# skopeo asks a registry that wants a password. auth.json has two entries for it, both as addresses:
# https://HOST:PORT with alice and http://HOST:PORT with bob. It is asked 60 times.
# Guess: one of the two rules, every time.
# Seen: chance does. The entries are gone over in the order of a map of Go's, which is another one in
# each run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet skopeo=1.9.3+ds1-1+b10 libgpgme11 libassuan0 libdevmapper1.02.1 > apt.txt 2>&1 || { cat apt.txt; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$folder/root/usr/bin:$PATH"
export LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu:$folder/root/lib/x86_64-linux-gnu"
cat > ask.py <<'P'
import base64, http.server, json, os, subprocess, threading
shown = set()
class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, _, pair = self.headers.get('Authorization', '').partition(' ')
        if kind == 'Basic':
            shown.add(base64.b64decode(pair).decode().split(':')[0])
        self.send_response(401)
        self.send_header('WWW-Authenticate', 'Basic realm="test"')
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Registry)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = '127.0.0.1:%d' % server.server_address[1]
entry = lambda name: {'auth': base64.b64encode(name + b':secret').decode()}
auths = {'https://' + host: entry(b'alice'), 'http://' + host: entry(b'bob')}
with open('auth.json', 'w') as file:
    json.dump({'auths': auths}, file)
command = ['skopeo', 'inspect', '--tls-verify=false', 'docker://' + host + '/app:1']
for _ in range(60):
    subprocess.run(command, env=dict(os.environ, REGISTRY_AUTH_FILE='auth.json'), stderr=subprocess.DEVNULL)
print(' '.join(sorted(shown)))
P
seen=$(python3 ask.py)
version=$(skopeo --version)
expected='alice, or bob'
known='alice bob'
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
