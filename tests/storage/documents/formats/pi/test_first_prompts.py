"""The first prompt of a session of pi is what the person typed."""

import pytest

from tests.support.pi_entries import Entries, text


@pytest.mark.parametrize(
    ("behind", "typed"), [("\n\nfor three", "/skill:brew for three"), ("", "/skill:brew")], ids=["words", "alone"]
)
def test_the_first_prompt_of_a_skill_is_what_was_typed(behind: str, typed: str) -> None:
    skill = '<skill name="brew" location="/home/dev/brew/SKILL.md">\nReferences are relative to /home/dev/brew.\n\n'
    body = f"{skill}{'Brew it. ' * 50}\n</skill>{behind}"

    session = Entries().say("user", "u1", [text(body)]).say("user", "u2", [text("Then serve it.")]).session()

    assert session.first_prompt == typed
    assert session.messages[0].build() == [text(body)]


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ('<file name="/a.txt">\nMint tea 2\n\n</file>\n<file name="/dot.png"></file>\nLook at it', "Look at it"),
        ('<file name="/a.txt">\nMint tea 2\n</file>\n', '<file name="/a.txt">\nMint tea 2\n</file>'),
        ('<file name="/a.txt"> is a tag.', '<file name="/a.txt"> is a tag.'),
    ],
    ids=["files", "a file alone", "a tag"],
)
def test_files_of_the_command_line_are_no_part_of_the_first_prompt(words: str, typed: str) -> None:
    assert Entries().say("user", "u1", [text(words)]).session().first_prompt == typed


def test_a_prompt_about_skills_is_its_own_first_prompt() -> None:
    words = '<skill name="brew" is what I wrote.'

    assert Entries().say("user", "u1", [text(words)]).session().first_prompt == words
