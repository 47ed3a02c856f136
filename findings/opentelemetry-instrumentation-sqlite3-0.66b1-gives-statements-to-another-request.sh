#!/usr/bin/env bash
# PyPI opentelemetry-distro, opentelemetry-instrumentation-sqlite3, -threading and -starlette 0.66b1 (with
# opentelemetry-sdk 1.45.1), of a program with starlette 1.10.0, uvicorn 0.54.0, SQLAlchemy 2.0.54 and aiosqlite 0.22.1.
#
# `opentelemetry-bootstrap -a install` installs the instrumentations of sqlite3 and of threading for every program. The first
# makes a span of each statement, in the context of the thread that sends it. The second gives a new thread the context
# in which it was started, for as long as it runs. aiosqlite, through which SQLAlchemy's asyncio uses SQLite, has one
# thread for each connection, so that all statements of a pooled connection get the context of the request that opened
# it: they are in the trace of that request, however long ago it ended, and the requests that sent them have none. With the
# instrumentation of threading off, they are in no request's trace. A program that calls sqlite3 itself is traced as it works.
#
# Why it matters: the trace of a slow request shows no statement, and that of the first request after a start shows those of
# everybody, with a duration of days. Nothing tells that the parents are wrong.
#
# Seen:
#   as it is installed: /first has SELECT 'first', SELECT 'second', SELECT 'third'; /second has none; /third has none
#   without threading: /first has none; /second has none; /third has none; in traces of their own: 3
#   sqlite3 itself: /first has SELECT 'first'; /second has SELECT 'second'; /third has SELECT 'third'
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check opentelemetry-distro==0.66b1 \
  opentelemetry-instrumentation-{sqlite3,threading,starlette,asgi,dbapi}==0.66b1 opentelemetry-{api,sdk}==1.45.1 \
  starlette==1.10.0 uvicorn==0.54.0 'sqlalchemy[asyncio]==2.0.54' aiosqlite==0.22.1
cat >served.py <<'EOF'
import os
import sqlite3

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

engine = create_async_engine("sqlite+aiosqlite:///file.db")


async def answer(request):
    statement = f"SELECT '{request.url.path[1:]}'"
    if os.environ["DRIVER"] == "sqlite3":
        connection = sqlite3.connect("file.db")
        found = connection.cursor().execute(statement).fetchone()[0]
        connection.close()
    else:
        async with engine.connect() as connection:
            found = (await connection.execute(text(statement))).scalar()
    return PlainTextResponse(found)


app = Starlette(routes=[Route(f"/{name}", answer) for name in ("first", "second", "third")])
EOF
cat >run.py <<'EOF'
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

driver, disabled = sys.argv[1:]
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
environment = {"PATH": f"{os.getcwd()}/venv/bin:/usr/bin:/bin", "HOME": os.getcwd(), "DRIVER": driver}
environment["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"] = disabled
exporters = ["--traces_exporter", "console", "--metrics_exporter", "none", "--logs_exporter", "none"]
command = ["opentelemetry-instrument", *exporters, "uvicorn", "served:app", "--port", str(port), "--log-level", "error"]
with open("spans", "w") as spans:
    server = subprocess.Popen([f"venv/bin/{command[0]}", *command[1:]], env=environment, stdout=spans)
try:
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
            break
        except OSError:
            time.sleep(0.05)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for name in ("first", "second", "third"):
        assert direct.open(f"http://127.0.0.1:{port}/{name}", timeout=60).read().decode() == name
finally:
    # On SIGTERM uvicorn ends without the handlers that send the last spans.
    server.send_signal(signal.SIGINT)
    server.wait()

text, spans = open("spans").read(), []
while text := text.lstrip():
    span, end = json.JSONDecoder().raw_decode(text)
    spans.append(span)
    text = text[end:]
requests = {span["name"][4:]: span["context"]["trace_id"] for span in spans if span["kind"] == "SpanKind.SERVER"}
statements = [span for span in spans if span["attributes"].get("db.statement", "").startswith("SELECT '")]
assert len(requests) == len(statements) == 3
parts = []
for path, trace in sorted(requests.items()):
    own = [span["attributes"]["db.statement"] for span in statements if span["context"]["trace_id"] == trace]
    parts.append(f"{path} has {', '.join(own) or 'none'}")
if others := [span for span in statements if span["context"]["trace_id"] not in requests.values()]:
    parts.append(f"in traces of their own: {len(others)}")
print("; ".join(parts))
EOF
{
  echo "as it is installed: $(venv/bin/python run.py aiosqlite '')"
  echo "without threading: $(venv/bin/python run.py aiosqlite threading)"
  echo "sqlite3 itself: $(venv/bin/python run.py sqlite3 '')"
} | tee report
cat >expected <<'EOF'
as it is installed: /first has SELECT 'first', SELECT 'second', SELECT 'third'; /second has none; /third has none
without threading: /first has none; /second has none; /third has none; in traces of their own: 3
sqlite3 itself: /first has SELECT 'first'; /second has SELECT 'second'; /third has SELECT 'third'
EOF
cmp report expected
