"""Text that an agent program put into a prompt is seeded as items of its own."""

from storage.database.database import Database
from tests.support.documents import assistant, codewhale, text, user
from tests.support.seeding import seeded

META = "<turn_meta>\nWorking set: src/cart.py\n</turn_meta>"


async def test_a_thread_has_injected_text_in_items_of_its_own(database: Database) -> None:
    rows = await seeded(database, codewhale("s", messages=[user("Fix it", text(META)), assistant("Done.")]))

    # Columns: turn, position, type, status, summary, kind.
    assert [item[2:6] for item in rows.items] == [
        ("UserMessageItem", "COMPLETED", "Fix it", None),
        ("OtherItem", "COMPLETED", "", "injected"),
        ("AgentMessageItem", "COMPLETED", "Done.", None),
    ]
    assert [item[-1] for item in rows.items if item[2] == "UserMessageItem"] == ["Fix it"]


async def test_a_message_of_injected_text_alone_opens_no_turn(database: Database) -> None:
    rows = await seeded(database, codewhale("s", messages=[user("Fix it"), user(META), user(f"{META}\nThen test it")]))

    assert [turn[-1] for turn in rows.turns] == ["Fix it", "Then test it"]
    assert [item[:3] for item in rows.items] == [
        (0, 0, "UserMessageItem"),
        (0, 1, "OtherItem"),
        (1, 0, "UserMessageItem"),
        (1, 1, "OtherItem"),
    ]
