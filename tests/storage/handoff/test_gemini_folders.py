"""Gemini CLI names a project's folder by a list, or by a mark in it; a handoff changes neither."""

import json
from pathlib import Path

import pytest

from storage.handoff.handoff import Handoff, make_handoff
from tests.support.handoffs import hard_conversation

WORKSPACE = "/home/dev/My Shop_é.x"


def handoff(home: Path | None) -> Handoff:
    return make_handoff(hard_conversation(WORKSPACE), "GEMINI", None, home)


def folders(made: Handoff) -> set[str]:
    return {file.path.split("/")[1] for file in made.files}


def roots(made: Handoff) -> list[str]:
    return [file.content for file in made.files if file.path.endswith("/.project_root")]


def own(home: Path, name: str, workspace: str) -> None:
    folder = home / "tmp" / name
    folder.mkdir(parents=True)
    (folder / ".project_root").write_text(workspace, encoding="utf-8")


@pytest.mark.parametrize("has_home", [False, True])
def test_a_new_project_gets_a_folder_with_a_mark(tmp_path: Path, has_home: bool) -> None:
    made = handoff(tmp_path if has_home else None)

    assert folders(made) == {"my-shop-x"}
    assert roots(made) == [WORKSPACE]


def test_a_project_of_the_list_keeps_its_folder(tmp_path: Path) -> None:
    (tmp_path / "projects.json").write_text(json.dumps({"projects": {WORKSPACE: "tea"}}), encoding="utf-8")
    own(tmp_path, "tea", WORKSPACE)

    made = handoff(tmp_path)

    assert (folders(made), roots(made)) == ({"tea"}, [])


def test_a_marked_folder_is_found(tmp_path: Path) -> None:
    own(tmp_path, "my-shop-x", "/home/dev/elsewhere")
    own(tmp_path, "my-shop-x-1", WORKSPACE)

    made = handoff(tmp_path)

    assert (folders(made), roots(made)) == ({"my-shop-x-1"}, [])


def test_a_folder_of_another_project_is_left_alone(tmp_path: Path) -> None:
    own(tmp_path, "my-shop-x", "/home/dev/elsewhere")
    (tmp_path / "projects.json").write_text(json.dumps({"projects": {"/a": "my-shop-x-1"}}), encoding="utf-8")

    made = handoff(tmp_path)

    assert (folders(made), roots(made)) == ({"my-shop-x-2"}, [WORKSPACE])


def test_a_list_that_leads_out_of_the_home_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "projects.json").write_text(json.dumps({"projects": {WORKSPACE: "../.."}}), encoding="utf-8")

    assert folders(handoff(tmp_path)) == {"my-shop-x"}
