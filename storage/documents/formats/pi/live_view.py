"""Which messages of a pi session its next request holds."""

from collections.abc import Sequence

from storage.documents.formats.pi.transcript_scan import EntryScan


def live_messages(scan: EntryScan, path: Sequence[str]) -> list[int]:
    """The indexes of the live messages on the path to the last entry.

    After a compaction they begin with its summary and the messages before it that it kept. What a person cleared is not
    sent any more.
    """
    cleared = [place for place, entry_id in enumerate(path) if entry_id in scan.resets]
    path = path[cleared[-1] + 1 :] if cleared else path
    order = list(path)
    for place in range(len(path) - 1, -1, -1):
        entry = scan.entries.get(path[place])
        if entry is not None and entry.is_compaction:
            before = path[:place]
            kept = before[before.index(entry.first_kept) :] if entry.first_kept in before else []
            # An earlier compaction among those that were kept is not sent again.
            kept = [entry_id for entry_id in kept if not _is_compaction(scan, entry_id)]
            order = [path[place], *kept, *path[place + 1 :]]
            break
    entries = [scan.entries[entry_id] for entry_id in order if entry_id in scan.entries]
    # The last of several edits of one message includes the others.
    edits = {entry.edited: entry for entry in entries if entry.edited is not None}
    live: dict[int, None] = {}
    for entry in entries:
        edit = edits.get(entry.message)
        if entry.is_sent and not (edit and edit.omits):
            live[edit.message if edit else entry.message] = None
    return list(live)


def _is_compaction(scan: EntryScan, entry_id: str) -> bool:
    return entry_id in scan.entries and scan.entries[entry_id].is_compaction
