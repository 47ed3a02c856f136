"""The tree of a transcript's records."""

from storage.documents.formats.record_tree import RecordTree


def tree(**parents: str | None) -> RecordTree:
    made = RecordTree()
    for record_id, parent_id in parents.items():
        made.add(record_id, parent_id)
    return made


def test_path_and_left_branches() -> None:
    made = tree(a=None, b="a", c="b", d="b", e="d", f="a")
    path = made.path(made.last())
    assert path == ["a", "f"]
    assert made.abandoned_branches(path, "abcde") == [{"leaf": "c", "left_at": "a"}, {"leaf": "e", "left_at": "a"}]
    assert made.abandoned_branches(path, "abd") == [{"leaf": "d", "left_at": "a"}]
    assert made.abandoned_branches(made.path("e"), "abcdef") == [
        {"leaf": "c", "left_at": "b"},
        {"leaf": "f", "left_at": "a"},
    ]


def test_a_circle_ends() -> None:
    assert tree(a="b", b="a").path("b") == ["a", "b"]
    assert tree(a="a").path("a") == ["a"]
    assert tree(a="a", b="gone").abandoned_branches([], "ab") == [
        {"leaf": "a", "left_at": None},
        {"leaf": "b", "left_at": None},
    ]


def test_a_missing_parent_is_none() -> None:
    made = tree(a="gone")
    assert (made.parent("a"), made.path("a"), made.path(None)) == (None, ["a"], [])
    made.add("a", "other")
    assert "a" in made
