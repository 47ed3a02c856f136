"""What is counted of sessions, asked for through the API, and counted again from all their messages."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from tests.support.client import Client

TOKENS = ("inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens", "reasoningTokens")
_MESSAGES = f"""
query ($after: String, $id: ID!) {{
  session(id: $id) {{ messages(first: 500, after: $after) {{
    nodes {{
      createdAt usage {{ {" ".join(TOKENS)} }}
      content {{ ... on ToolUseBlock {{ name result {{ isError }} }} }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }} }}
}}
"""
_ACTIVITY = f"""
query ($filter: SessionFilter, $span: DateTimeRange!, $interval: ActivityInterval!, $timeZone: String!) {{
  activity(filter: $filter, span: $span, interval: $interval, timeZone: $timeZone) {{
    start sessionCount messageCount usage {{ {" ".join(TOKENS)} totalTokens }}
  }}
}}
"""
_TOOLS = "query ($id: ID!) { session(id: $id) { tools { name kind callCount failureCount } } }"
ALL: dict[str, Any] = {"archived": "ANY", "kinds": ["MAIN", "SUBAGENT", "FORK"]}


async def activity(
    client: Client, start: str, until: str, interval: str = "DAY", time_zone: str = "UTC", **chosen: Any
) -> list[dict[str, Any]]:
    """The points of a span."""
    span = {"from": start, "until": until}
    variables = {"span": span, "interval": interval, "timeZone": time_zone, "filter": chosen or None}
    points: list[dict[str, Any]] = (await client.data(_ACTIVITY, **variables))["activity"]
    return points


async def tools(client: Client, id: str) -> list[tuple[str, str, int, int]]:
    """Name, kind, calls and failures of the tools of a session."""
    found = (await client.data(_TOOLS, id=id))["session"]["tools"]
    return [tuple(one.values()) for one in found]


async def messages(client: Client, id: str) -> list[dict[str, Any]]:
    """All messages of a session."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await client.data(_MESSAGES, id=id, after=after))["session"]["messages"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def counted_tools(found: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Calls and failures of each tool."""
    calls: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for block in (block for message in found for block in message["content"] if block):
        calls[block["name"]] += 1
        failures[block["name"]] += bool(block["result"] and block["result"]["isError"])
    return {name: (count, failures[name]) for name, count in calls.items()}


def counted_days(by_session: dict[str, list[dict[str, Any]]]) -> dict[str, tuple[int, int, tuple[int, ...]]]:
    """Sessions, messages and tokens of each day of UTC with a message."""
    sessions: defaultdict[str, set[str]] = defaultdict(set)
    counts: Counter[str] = Counter()
    tokens: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for id, found in by_session.items():
        for message in found:
            if message["createdAt"] is not None:
                day = message["createdAt"][:10]
                sessions[day].add(id)
                counts[day] += 1
                tokens[day].update(message["usage"] or {})
    return {day: (len(sessions[day]), counts[day], tuple(tokens[day][name] for name in TOKENS)) for day in sessions}


async def check_counts(client: Client) -> None:
    """Compare what is counted of all sessions with their messages."""
    listed = await client.data("query ($f: SessionFilter) { sessions(filter: $f, first: 500) { nodes { id } } }", f=ALL)
    by_session = {node["id"]: await messages(client, node["id"]) for node in listed["sessions"]["nodes"]}
    for id, found in by_session.items():
        assert {name: tuple(counts) for name, _, *counts in await tools(client, id)} == counted_tools(found), id
    days = counted_days(by_session)
    if not days:
        return
    end = datetime.fromisoformat(max(days)) + timedelta(days=1)
    points = await activity(client, f"{min(days)}T00:00:00Z", f"{end:%Y-%m-%d}T00:00:00Z", **ALL)
    assert {
        point["start"][:10]: (
            point["sessionCount"],
            point["messageCount"],
            tuple(point["usage"][name] for name in TOKENS),
        )
        for point in points
        if point["sessionCount"]
    } == days
