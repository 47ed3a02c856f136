#!/usr/bin/env bash
# npm @github/copilot 1.0.102, command `copilot sessions import FILE.jsonl` (its own interchange format, version 1).
#
# The importer demands an ISO 8601 timestamp and a unique id on each record, and an externalId in the header; a file in which
# one of them is missing is refused. None of them is kept:
# - each event of the new session has the time of the import; only the session's start is taken over (createdAt), updatedAt
#   is dropped like source, so a talk of two hours becomes one of a millisecond, a year after its start;
# - ids of messages and tool calls are replaced by new ones, and externalId is written nowhere: a second import of the same
#   file makes a second session, although ok:true answers with that externalId both times.
# Everything else arrives (texts, tool calls, results), and is sent to the model on --resume.
#
# Why it matters: after the import nobody can tell when a message was written, or whether a session has been imported before. An
# exporter must record which externalId became which sessionId, and repeat the times in the text where they matter.
#
# Seen:
#   first import: session_imported shop-1, second import: session_imported shop-1, sessions: 2
#   start: 2025-01-02T03:04:05.000Z, events with the time of their record: 0 of 5
#   kept of the input's ids and the externalId: 0 of 6
#   a record without a timestamp: validation_error
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir cli home shop
npm install --silent --no-audit --no-fund --prefix cli @github/copilot@1.0.102 >/dev/null
sed "s#@#$work/shop#" >talk.jsonl <<'EOF'
{"type":"session","version":1,"externalId":"shop-1","createdAt":"2025-01-02T03:04:05Z","updatedAt":"2025-01-02T05:04:05Z","title":"Pears","source":{"application":"shop"},"workspace":{"workingDirectory":"@"}}
{"type":"message","id":"prompt-1","timestamp":"2025-01-02T03:04:05Z","role":"user","content":[{"type":"text","text":"How many pears?"}]}
{"type":"message","id":"reply-1","timestamp":"2025-01-02T03:04:06Z","role":"assistant","turnId":"turn-1","content":[{"type":"text","text":"I look."}]}
{"type":"tool-call","id":"call-1","timestamp":"2025-01-02T03:04:07Z","turnId":"turn-1","name":"read","arguments":{"path":"stock.txt"}}
{"type":"tool-result","id":"result-1","timestamp":"2025-01-02T03:05:07Z","turnId":"turn-1","toolCallId":"call-1","success":true,"content":"20 pears"}
{"type":"message","id":"reply-2","timestamp":"2025-01-02T05:04:05Z","role":"assistant","turnId":"turn-1","content":[{"type":"text","text":"Twenty."}]}
EOF
sed 's/"timestamp":"2025-01-02T03:04:06Z",//' talk.jsonl >without.jsonl

copilot() { env -i PATH="$PATH" HOME="$work/home" timeout 120 cli/node_modules/.bin/copilot sessions import "$@" --output json </dev/null; }
copilot talk.jsonl >first.json
copilot talk.jsonl >second.json
copilot without.jsonl >refused.json || true
cat >report.py <<'EOF'
import glob, json

read = lambda name: json.load(open(name))
first, second = read("first.json"), read("second.json")
folders = glob.glob("home/.copilot/session-state/*/events.jsonl")
print(f"first import: {first['code']} {first['externalId']}, second import: {second['code']} {second['externalId']}, sessions: {len(folders)}")
path = f"home/.copilot/session-state/{first['sessionId']}"
stored = open(path + "/events.jsonl").read()
start, *events = [json.loads(line) for line in stored.splitlines()]
old = [event for event in events if event["timestamp"].startswith("2025-")]
print(f"start: {start['data']['startTime']}, events with the time of their record: {len(old)} of {len(events)}")
stored += open(path + "/workspace.yaml").read()
ids = ["shop-1", "prompt-1", "reply-1", "call-1", "result-1", "reply-2"]
print(f"kept of the input's ids and the externalId: {sum(key in stored for key in ids)} of {len(ids)}")
print("a record without a timestamp:", read("refused.json")["code"])
EOF
python3 report.py | tee report
cat >expected <<'EOF'
first import: session_imported shop-1, second import: session_imported shop-1, sessions: 2
start: 2025-01-02T03:04:05.000Z, events with the time of their record: 0 of 5
kept of the input's ids and the externalId: 0 of 6
a record without a timestamp: validation_error
EOF
cmp report expected
