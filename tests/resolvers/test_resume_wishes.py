"""Model, mode and task type of a thread: from the options of resumeSession, else from the session and its workspace."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from storage.resume.seeding import lease
from tests.support.documents import user, zagens
from tests.support.resumes import cancel, resume, resumed, save
from tests.support.seeding import seed
from tests.support.server import Served

Serve = Callable[..., Awaitable[Served]]


@pytest.fixture
async def idle(serve: Serve) -> Served:
    """A server with a session, whose tasks stay queued until the test seeds them."""
    server = await serve(seed=False)
    await save(server.client, zagens("s1", messages=[user("Hi")], model="saved-model", mode="plan"))
    return server


async def test_options_are_set_on_a_new_thread(idle: Served) -> None:
    task = await resumed(idle.client, "s1", model="other-model", mode="yolo", taskType="CODE")
    assert (task["thread"]["model"], task["thread"]["mode"], task["thread"]["taskType"]) == (
        "other-model",
        "yolo",
        "CODE",
    )


async def test_a_blank_option_counts_as_omitted(idle: Served) -> None:
    for number, blank in enumerate((None, "", "   ", "\t\n")):
        await save(idle.client, zagens(f"blank{number}", messages=[], model="saved-model", mode="plan"))
        for _ in ("new", "used again"):
            thread = (await resumed(idle.client, f"blank{number}", model=blank, mode=blank, taskType=None))["thread"]
            assert (thread["model"], thread["mode"]) == ("saved-model", "plan")


async def test_the_default_mode_is_agent(idle: Served) -> None:
    for id, mode in (("none", None), ("empty", "")):
        await save(idle.client, zagens(id, messages=[user("Hi")], mode=mode))
        assert (await resumed(idle.client, id))["thread"]["mode"] == "agent"


@pytest.mark.slow
@pytest.mark.parametrize("state", ["QUEUED", "SEEDING", "READY", "CANCELED"])
async def test_options_are_set_on_a_reused_thread(idle: Served, state: str) -> None:
    database = idle.app.state.database
    first = await resumed(idle.client, "s1")
    match state:
        case "SEEDING":
            assert await lease.claim(database, 60) is not None
        case "READY":
            await seed(database, first["threadId"])
        case "CANCELED":
            await cancel(idle.client, first["threadId"])
    again = await resume(idle.client, "s1", model="new-model", mode="yolo", taskType="CODE")
    assert again["isReused"] is True
    assert again["resumeTask"]["thread"] == {
        **first["thread"],
        "model": "new-model",
        "mode": "yolo",
        "taskType": "CODE",
    }


async def test_omitted_options_do_not_change_a_reused_thread(idle: Served) -> None:
    first = await resumed(idle.client, "s1", model="first-model", taskType="CODE")
    again = await resumed(idle.client, "s1", mode="yolo", model=" ")
    assert again["thread"] == {**first["thread"], "mode": "yolo"}


async def test_the_default_task_type_depends_on_the_workspace(idle: Served, tmp_path: Path) -> None:
    await save(idle.client, zagens("office", messages=[], workspace=str(tmp_path)))
    assert (await resumed(idle.client, "office"))["thread"]["taskType"] == "OFFICE"
    (tmp_path / "go.mod").touch()
    await save(idle.client, zagens("code", messages=[], workspace=str(tmp_path)))
    assert (await resumed(idle.client, "code"))["thread"]["taskType"] == "CODE"


async def test_a_given_task_type_overrides_the_workspace(idle: Served, tmp_path: Path) -> None:
    (tmp_path / "go.mod").touch()
    await save(idle.client, zagens("s2", messages=[], workspace=str(tmp_path)))
    assert (await resumed(idle.client, "s2", taskType="OFFICE"))["thread"]["taskType"] == "OFFICE"


async def test_a_reused_thread_keeps_its_task_type(idle: Served, tmp_path: Path) -> None:
    await save(idle.client, zagens("s2", messages=[], workspace=str(tmp_path)))
    await resumed(idle.client, "s2")
    (tmp_path / "go.mod").touch()
    assert (await resumed(idle.client, "s2"))["thread"]["taskType"] == "OFFICE"
