"""Commands that a hook put in place of those that the model asked for."""

import json

import pytest

from tests.support.rollouts import completed, derive, header, item, rollout, said

GIVEN = "Chunk ID: 1\nProcess exited with code 0\nOutput:\n2\n"


def ran(*command: str, id: str = "c1") -> dict[str, object]:
    return completed("CommandExecution", id=id, command=list(command), status="completed", exit_code=0)


def asked(name: str = "exec_command", **arguments: object) -> dict[str, object]:
    return item("function_call", name=name, call_id="c1", arguments=json.dumps(arguments))


@pytest.mark.parametrize(
    "call",
    [asked(cmd="cat prices.txt"), asked("shell", command=["bash", "-lc", "cat prices.txt"])],
    ids=["text", "list"],
)
@pytest.mark.parametrize("is_event_first", [True, False])
def test_another_command_that_ran_is_shown_behind_the_call(call: object, is_event_first: bool) -> None:
    result = item("function_call_output", call_id="c1", output=GIVEN)
    done = ran("/bin/bash", "-lc", "rtk cat teas.txt")
    session = derive(
        rollout(header(), said("user", "Go."), call, *([done, result] if is_event_first else [result, done]))
    )

    [note] = [message for message in session.messages if message.role == "SYSTEM"]

    assert note.build() == [{"type": "text", "text": "Command that ran: rtk cat teas.txt", "is_injected": True}]
    assert note.is_injected
    # The model does not get it.
    assert session.messages.index(note) not in session.live
    assert "cat prices.txt" in str(session.messages[1].build())


@pytest.mark.parametrize(
    "done",
    [
        ran("/bin/bash", "-lc", "cat prices.txt"),
        ran("pwsh", "-Command", "[Console]::OutputEncoding=[System.Text.Encoding]::UTF8;\ncat prices.txt"),
        ran("/bin/bash", "-lc", "cat teas.txt", id="c2"),
        completed("CommandExecution", id="c1", status="completed"),
        completed("CommandExecution", id="c1", status="completed", command={"odd": 1}),
    ],
)
def test_the_command_that_was_asked_for_is_not_shown_again(done: object) -> None:
    result = item("function_call_output", call_id="c1", output=GIVEN)
    session = derive(rollout(header(), said("user", "Go."), asked(cmd=" cat prices.txt\n"), done, result))

    assert "Command that ran" not in str([message.build() for message in session.messages])
