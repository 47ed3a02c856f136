"""The messages of a Gemini CLI session, made from its entries."""

from collections.abc import Sequence
from functools import partial

from storage.documents.derived_session import DerivedMessage
from storage.documents.formats.blocks import Block
from storage.documents.formats.gemini.entry_content import (
    MODEL,
    USER,
    compaction_block,
    is_result_record,
    is_sent,
    results_of,
    speech_of,
    typed_command,
)
from storage.documents.formats.gemini.entry_log import Entry, EntryLog
from storage.documents.formats.google_content import joined_text, parts_of
from storage.documents.formats.json_values import as_count, as_object, as_text, as_time, digest_of
from storage.documents.formats.whole_outputs import WholeOutputs
from storage.records.token_usage import TokenUsage


class ChatConversation:
    """The messages of all entries, and the indexes of the live ones.

    The result of a call may be recorded up to three times: beside its call, as a record of its own, and once more when
    the history is written again. It is one message, that of the first record.
    """

    def __init__(self, log: EntryLog, outputs: WholeOutputs) -> None:
        self.messages: list[DerivedMessage] = []
        self._commands: dict[str, str] = {}
        self._indexes: dict[Entry, list[int]] = {}
        self._spoken: dict[tuple[str, bytes], int] = {}
        self._answers: dict[str, tuple[bytes, int]] = {}
        self._with_usage: set[str] = set()
        self._imported = log.imported
        self._outputs = outputs
        for entry in log.entries:
            self._indexes[entry] = self._add(entry)
        live = (index for entry in log.live.values() if is_sent(entry.record) for index in self._indexes[entry])
        self.live: Sequence[int] = list(dict.fromkeys(live))

    def typed(self, text: str) -> str:
        """What the person typed for a text: the command that stands for it, or the text itself."""
        return self._commands.get(text, text)

    def _add(self, entry: Entry) -> list[int]:
        record = entry.record
        if is_result_record(record):
            return self._add_result_record(entry, speech_of(record))
        if entry.is_summary:
            return [
                self._append(entry, "SYSTEM", [compaction_block(record)], digest_of(record), None, is_injected=True)
            ]
        speech = speech_of(record)
        if command := typed_command(record):
            self._commands[joined_text(parts_of(record.get("content"))).strip()] = command
        if entry.is_injected:
            speech = [{**block, "is_injected": True} for block in speech]
        return [*self._add_speech(entry, speech), *self._add_results(entry, results_of(record))]

    def _add_result_record(self, entry: Entry, blocks: list[Block]) -> list[int]:
        """Add a message with the results, and one with what stands before them: a person typed it meanwhile."""
        first = next(place for place, block in enumerate(blocks) if block["type"] == "tool_result")
        return [*self._add_results(entry, blocks[first:]), *self._add_speech(entry, blocks[:first])]

    def _add_speech(self, entry: Entry, blocks: list[Block]) -> list[int]:
        record = entry.record
        usage = _usage(record)
        if not blocks and usage is None:
            return []
        if self._imported is not None and self._imported.is_copy(record):
            # The session that the reply was copied from counts its tokens.
            usage = None
        digest = digest_of(blocks)
        record_id = as_text(record.get("id"))
        known = self._spoken.get((record_id, digest))
        if known is not None and record_id:
            return [known]
        if record_id in self._with_usage:
            usage = None
        elif usage is not None:
            self._with_usage.add(record_id)
        index = self._append(entry, _role(record), blocks, digest, usage)
        self._spoken[(record_id, digest)] = index
        return [index]

    def _add_results(self, entry: Entry, blocks: list[Block]) -> list[int]:
        """Add a message with the results that were not recorded before, or were changed in the same record."""
        indexes: list[int] = []
        kept: list[Block] = []
        digests: dict[str, bytes] = {}
        has_new = is_known = False
        for block in blocks:
            if block["type"] != "tool_result":
                # What follows a result belongs to it.
                if not is_known:
                    kept.append(block)
                continue
            call_id, digest = as_text(block["tool_use_id"]), digest_of(block)
            known = self._answers.get(call_id)
            is_known = known is not None and (known[0] == digest or entry.replaced is None)
            if known is not None and is_known:
                indexes.append(known[1])
                continue
            kept.append(block)
            digests[call_id] = digest
            has_new = True
        if not has_new:
            return indexes
        index = self._append(entry, "TOOL", kept, digest_of(kept), None)
        self._answers.update({call_id: (digest, index) for call_id, digest in digests.items()})
        return [*indexes, index]

    def _append(
        self,
        entry: Entry,
        role: str,
        blocks: list[Block],
        digest: bytes,
        usage: TokenUsage | None,
        is_injected: bool = False,
    ) -> int:
        record = entry.record
        is_reply = role == "ASSISTANT"
        self.messages.append(
            DerivedMessage(
                role=role,
                digest=self._outputs.digest(digest, blocks),
                build=partial(self._outputs.blocks, blocks),
                created_at=as_time(record.get("timestamp")),
                model=(as_text(record.get("model")) or None) if is_reply else None,
                usage=usage if is_reply else None,
                is_injected=is_injected or (bool(blocks) and all(block.get("is_injected") for block in blocks)),
            )
        )
        return len(self.messages) - 1


def _role(record: dict[str, object]) -> str:
    return {USER: "USER", MODEL: "ASSISTANT"}.get(as_text(record.get("type")), "SYSTEM")


def _usage(record: dict[str, object]) -> TokenUsage | None:
    """The tokens of a reply. The cached ones are a part of the input; those for results of tools are counted apart."""
    tokens = as_object(record.get("tokens"))
    if record.get("type") != MODEL or not tokens:
        return None
    cached = as_count(tokens.get("cached"))
    return TokenUsage(
        input=max(as_count(tokens.get("input")) - cached, 0) + as_count(tokens.get("tool")),
        cache_read=cached,
        output=as_count(tokens.get("output")),
        reasoning=as_count(tokens.get("thoughts")),
    )
