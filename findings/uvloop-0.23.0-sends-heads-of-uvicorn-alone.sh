#!/usr/bin/env bash
# PyPI uvloop 0.23.0 with uvicorn 0.54.0, compared with uvloop 0.22.1.
#
# uvicorn writes the head of a response and its body with two calls of `transport.write`. Up to uvloop 0.22 these were sent
# together: a write waited until the end of the event loop's iteration, unless the buffer was above its high-water mark.
# uvloop 0.23 sends each write at once while nothing is waiting, as asyncio does. So every response of uvicorn is two system
# calls and, since Nagle's algorithm is off, two packets: a client often reads the head alone, then the body.
#
# Why it matters: small responses, such as those of a GraphQL API, take one more system call on the server and wake their
# client twice. `transport.writelines` with both parts is one write in all versions.
#
# Seen (packets are counted by Linux):
#   asyncio: 40 packets for 20 responses; uvloop 0.22.1: 20; uvloop 0.23.0: 40
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for version in 0.22.1 0.23.0; do
  python3 -m venv "$version"
  "$version/bin/pip" install -qq --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 "uvloop==$version"
done
cat >app.py <<'EOF'
async def application(scope, receive, send):
    assert scope["type"] == "http"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"11")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"data":{}}'})
EOF
cat >run.py <<'EOF'
import socket, struct, subprocess, sys, time

version, loop = sys.argv[1:]
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
arguments = ["--port", str(port), "--loop", loop, "--http", "httptools", "--lifespan", "off", "--log-level", "critical"]
server = subprocess.Popen([f"{version}/bin/python", "-m", "uvicorn", *arguments, "app:application"])
try:
    for _ in range(200):
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=10)
            break
        except OSError:
            time.sleep(0.05)
    for _ in range(20):
        client.sendall(b"GET / HTTP/1.1\r\nhost: local\r\n\r\n")
        received = b""
        while not received.endswith(b'{"data":{}}'):
            received += client.recv(65536)
    # tcpi_data_segs_in of Linux's struct tcp_info: segments with data that this end received.
    print(struct.unpack_from("I", client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256), 152)[0])
finally:
    server.terminate()
    server.wait()
EOF
echo "asyncio: $(python3 run.py 0.23.0 asyncio) packets for 20 responses; uvloop 0.22.1: $(python3 run.py 0.22.1 uvloop);" \
  "uvloop 0.23.0: $(python3 run.py 0.23.0 uvloop)" | tee report
echo "asyncio: 40 packets for 20 responses; uvloop 0.22.1: 20; uvloop 0.23.0: 40" >expected
cmp report expected
