#!/usr/bin/env bash
# npm @google/gemini-cli 0.61.0, over the Agent Client Protocol (gemini --acp), method session/load.
#
# By the protocol, session/load replays the conversation as session/update notifications. For a session with one tool call
# Gemini CLI replays as messages of the user two things that no user wrote:
# - the <session_context> record (working directory, date, listing of the folder), and
# - the text "[Function Response: read_file]" in place of each tool result. What the tool gave to the model is sent nowhere.
#   The tool_call update has what the program showed on the screen, which is a text for a shell command, but empty for a file
#   that was read; arguments (rawInput) and result (rawOutput) are never there.
# After a --resume on the command line, which rewrites the history in another form, the call is lost too: its turn is replayed
# as agent text "[Thought: true][Function Call: read_file]", with no tool_call update at all.
#
# Why it matters: an editor, archive or bridge that takes a session over by the protocol stores stand-ins as the user's
# words, and loses arguments and results, though both are in the file. Read the file instead.
#
# The three files are written here in the forms that the program writes itself (two plain runs, and a resumed one). The model
# server is never asked: session/load calls no model.
#
# Seen:
#   plain:   user <session_context> | user What is the cheapest tea? | agent Let me look. | tool_call, contents: 0, raw: 0 |
#            user [Function Response: read_file] | agent Mint, at 2.
#   shown:   the same, with tool_call, contents: 1, raw: 0 (a call whose screen text is not empty)
#   resumed: user <session_context> | user What is the cheapest tea? | agent Let me look.[Thought: true][Function Call: read_file] |
#            user [Function Response: read_file] | agent Mint, at 2.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @google/gemini-cli@0.61.0 >/dev/null

cat >client.py <<'EOF'
import datetime, json, os, subprocess, sys

work = os.getcwd()
shop = work + "/shop"
home = work + "/home"
now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
stamp = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
os.makedirs(home + "/.gemini/tmp/shop/chats", exist_ok=True)
json.dump({"projects": {shop: "shop"}}, open(home + "/.gemini/projects.json", "w"))
open(home + "/.gemini/tmp/shop/.project_root", "w").write(shop)

call = {"id": "call_1", "name": "read_file", "args": {"file_path": "prices.csv"}}
response = {"functionResponse": {"id": "call_1", "name": "read_file", "response": {"output": "tea,price\nmint,2\n"}}}
done = {**call, "status": "success", "result": [response], "timestamp": stamp, "displayName": "ReadFile", "resultDisplay": ""}
context = {"id": "u0", "timestamp": stamp, "type": "user", "content": [{"text": "<session_context>\nA shop.\n</session_context>"}]}
ask = {"id": "u1", "timestamp": stamp, "type": "user", "content": [{"text": "What is the cheapest tea?"}]}
result = {"id": "u2", "timestamp": stamp, "type": "user", "content": [response]}
answer = {"id": "g2", "timestamp": stamp, "type": "gemini", "content": "Mint, at 2.", "thoughts": [], "model": "gemini-3.8-flash"}
look = {"id": "g1", "timestamp": stamp, "type": "gemini", "content": "Let me look.", "thoughts": [], "toolCalls": [done]}
parts = [{"text": "Let me look."}, {"text": "Read the list.", "thought": True}, {"functionCall": call}]
shell = [context, ask, {**look, "toolCalls": [{**done, "resultDisplay": "mint,2"}]}, result, answer]
plain = [{"$set": {"messages": [context]}}, ask, look, result, answer]
resumed = [{"$set": {"messages": [context, ask, {**look, "content": parts, "toolCalls": []}, result, {**answer, "content": [{"text": "Mint, at 2."}]}]}}]


def replay(session: str, lines: list) -> str:
    header = {"sessionId": session, "projectHash": "0" * 64, "startTime": stamp, "lastUpdated": stamp, "kind": "main"}
    name = f"session-{now:%Y-%m-%dT%H-%M}-{session[:8]}.jsonl"
    with open(f"{home}/.gemini/tmp/shop/chats/{name}", "w") as file:
        for line in [header, *lines]:
            file.write(json.dumps(line) + "\n")
    environment = {"PATH": os.environ["PATH"], "HOME": home, "GEMINI_API_KEY": "dummy", "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    environment["GOOGLE_GEMINI_BASE_URL"] = "http://127.0.0.1:9"
    process = subprocess.Popen(["timeout", "60", work + "/cli/node_modules/.bin/gemini", "--acp"], env=environment, cwd=shop,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    seen = []

    def ask_agent(number: int, method: str, params: dict) -> dict:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            message = json.loads(line)
            update = message.get("params", {}).get("update", {})
            kind = update.get("sessionUpdate")
            if kind in ("user_message_chunk", "agent_message_chunk"):
                seen.append(kind.split("_")[0] + " " + update["content"]["text"].split("\n")[0])
            elif kind in ("tool_call", "tool_call_update"):
                raw = [key for key in ("rawInput", "rawOutput") if key in update]
                seen.append(f"{kind}, contents: {len(update['content'])}, raw: {len(raw)}")
            if message.get("id") == number and "method" not in message:
                return message
        sys.exit("the agent ended")

    ask_agent(1, "initialize", {"protocolVersion": 1, "clientCapabilities": {}})
    ask_agent(2, "authenticate", {"methodId": "gemini-api-key"})
    loaded = ask_agent(3, "session/load", {"sessionId": session, "cwd": shop, "mcpServers": []})
    if "error" in loaded:
        sys.exit(str(loaded["error"]))
    # Updates may follow the answer. This method does not exist, and its refusal comes behind them.
    ask_agent(4, "no/such/method", {})
    process.terminate()
    process.wait()
    return " | ".join(seen)


print("plain:   " + replay("11111111-aaaa-4aaa-8aaa-111111111111", plain))
print("shown:   " + replay("33333333-cccc-4ccc-8ccc-333333333333", shell))
print("resumed: " + replay("22222222-bbbb-4bbb-8bbb-222222222222", resumed))
EOF
python3 client.py | tee seen
grep -qxF "plain:   user <session_context> | user What is the cheapest tea? | agent Let me look. | tool_call, contents: 0, raw: 0 | user [Function Response: read_file] | agent Mint, at 2." seen
grep -qxF "shown:   user <session_context> | user What is the cheapest tea? | agent Let me look. | tool_call, contents: 1, raw: 0 | user [Function Response: read_file] | agent Mint, at 2." seen
grep -qxF "resumed: user <session_context> | user What is the cheapest tea? | agent Let me look.[Thought: true][Function Call: read_file] | user [Function Response: read_file] | agent Mint, at 2." seen
