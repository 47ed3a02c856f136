#!/usr/bin/env bash
# npm @anthropic-ai/claude-agent-sdk 0.3.332 and PyPI claude-agent-sdk 0.2.189: importSessionToStore / import_session_to_store.
#
# Both copy a session of Claude Code from the disk into a SessionStore, to be listed and resumed from there.
# - Output of a command over 30,000 characters is complete only in SESSION/tool-results/NAME.txt beside the transcript; the
#   transcript has a preview and the absolute path. The import takes SESSION/subagents and leaves SESSION/tool-results,
#   without a message. The store then has the preview and the first 30,000 characters; the end of the output is not in it,
#   and the path in the preview leads nowhere on another machine.
# - Without the option dir the TypeScript import uses the directory of the IMPORTING process as the project's key, the Python
#   one, which says that it mirrors the other, the directory of the session.
#
# Why it matters: a store is what people keep when the disk is thrown away. Copy tool-results yourself, and pass dir.
#
# Seen:
#   on disk: first line of the output yes, last line yes, subagent yes
#   typescript store: first line yes, last line no, subagent yes; key: where the import ran
#   python store: first line yes, last line no, subagent yes; key: where the session ran
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --omit=optional --prefix sdk @anthropic-ai/claude-agent-sdk@0.3.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-agent-sdk==0.2.189
cat >session.py <<'EOF'
import json, os

session = "11111111-1111-4111-8111-111111111111"
folder = f"config/projects/-w-shop/{session}"
for name in ("tool-results", "subagents"):
    os.makedirs(f"{folder}/{name}")
output = "".join(f"receipt {number:05} paid\n" for number in range(1, 1901))
path = f"/home/dev/.claude/projects/-w-shop/{session}/tool-results/bao93rz44.txt"
text = f"<persisted-output>\nOutput too large (35.3KB). Full output saved to: {path}\n\nPreview (first 2KB):\n{output[:2000]}</persisted-output>"
call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "list receipts"}}
result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": text}
shell = {"stdout": output[:30000], "stderr": "", "interrupted": False}


def write(file_name: str, rows: list, **common: object) -> None:
    parent = None
    with open(file_name, "w") as file:
        for number, (role, content, fields) in enumerate(rows):
            message = {"role": role, "content": content}
            if role == "assistant":
                message |= {"id": f"msg_{number}", "type": "message", "model": "claude-opus-5-5"}
            line = {"parentUuid": parent, "isSidechain": False, "type": role, "message": message, **fields, **common}
            line["uuid"] = parent = f"00000000-0000-4000-8000-00000000000{number}"
            line |= {"timestamp": f"2026-11-28T06:00:0{number}.000Z", "cwd": "/w/shop", "sessionId": session, "version": "2.1.332"}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


answer = [{"type": "text", "text": "1,900."}]
write(folder + ".jsonl", [("user", "Count.", {}), ("assistant", [call], {}), ("user", [result], {"toolUseResult": shell}), ("assistant", answer, {})])
agent = f"{folder}/subagents/agent-aa3c9968ac8b6a14e"
write(agent + ".jsonl", [("user", "Help.", {}), ("assistant", [{"type": "text", "text": "Helped."}], {})], isSidechain=True, agentId="aa3c9968ac8b6a14e")
json.dump({"agentType": "general-purpose", "toolUseId": "toolu_1"}, open(agent + ".meta.json", "w"))
open(f"{folder}/tool-results/bao93rz44.txt", "w").write(output)
EOF
python3 session.py
cat >sdk/import.mjs <<'EOF'
import { importSessionToStore, InMemorySessionStore } from '@anthropic-ai/claude-agent-sdk'
const store = new InMemorySessionStore()
const seen = []
const append = store.append.bind(store)
store.append = (key, entries) => (seen.push({ key: key.projectKey, entries }), append(key, entries))
await importSessionToStore('11111111-1111-4111-8111-111111111111', store)
console.log(JSON.stringify(seen))
EOF
cat >import.py <<'EOF'
import asyncio, json
import claude_agent_sdk as sdk


class Store(sdk.InMemorySessionStore):
    seen: list = []

    async def append(self, key, entries):
        self.seen.append({"key": key["project_key"], "entries": entries})
        await super().append(key, entries)


asyncio.run(sdk.import_session_to_store("11111111-1111-4111-8111-111111111111", Store()))
print(json.dumps(Store.seen))
EOF
cat >report.py <<'EOF'
import glob, json

yes = lambda found: "yes" if found else "no"
texts = {"on disk": "".join(open(name).read() for name in glob.glob("config/**/*.*", recursive=True))}
keys = {}
for name in ("typescript", "python"):
    seen = json.load(open(name + ".json"))
    texts[name + " store"] = json.dumps([part["entries"] for part in seen])
    keys[name + " store"] = "; key: where the " + ("session" if {part["key"] for part in seen} == {"-w-shop"} else "import") + " ran"
for name, text in texts.items():
    of = " of the output" if name == "on disk" else ""
    print(f"{name}: first line{of} {yes('receipt 00001 paid' in text)}, last line {yes('receipt 01900 paid' in text)}, "
          f"subagent {yes('Helped.' in text)}{keys.get(name, '')}")
EOF
clean() { env -i PATH="$PATH" HOME="$work" CLAUDE_CONFIG_DIR="$work/config" "$@"; }
(cd sdk && clean node import.mjs) >typescript.json
clean py/bin/python import.py >python.json
python3 report.py | tee report
cat >expected <<'EOF'
on disk: first line of the output yes, last line yes, subagent yes
typescript store: first line yes, last line no, subagent yes; key: where the import ran
python store: first line yes, last line no, subagent yes; key: where the session ran
EOF
cmp report expected
