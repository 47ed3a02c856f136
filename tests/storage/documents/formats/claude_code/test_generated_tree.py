"""A generated tree of transcripts, whose totals are known."""

from collections import Counter
from pathlib import Path

import pytest

from storage.records.token_usage import NO_TOKENS
from tests.speed.transcripts.tree import read_manifest, write_tree
from tests.support.claude_code import FORMAT
from tests.support.format_checks import check
from tests.support.stored_transcript import StoredTranscript


@pytest.mark.slow
def test_tokens_are_counted_to_the_unit(tmp_path: Path) -> None:
    write_tree(tmp_path, sessions=25, rollouts=0, logs_traffic=True)
    found = FORMAT.find(tmp_path / ".claude")

    usage = NO_TOKENS
    kinds: Counter[str] = Counter()
    for transcript in map(StoredTranscript.found, found.transcripts):
        session = FORMAT.derive([transcript])
        check(session)
        assert session is not None
        usage = usage.plus(session.usage)
        kinds[session.kind] += 1

    totals = read_manifest(tmp_path)["totals"]
    assert kinds["MAIN"] == 25
    assert kinds["SUBAGENT"] > 0
    assert found.passed_over == 0
    assert (usage.input, usage.output) == (totals["input_tokens"], totals["output_tokens"])
    assert usage.cache_read == totals["cache_read_input_tokens"]
    assert usage.cache_write == totals["cache_creation_input_tokens"]
