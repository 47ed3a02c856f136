"""What formats tell of the transcripts that they find."""

import pickle
from pathlib import Path

from storage.documents.formats.transcript_format import FoundTranscript


def test_a_found_transcript_can_be_sent_to_a_reader_process() -> None:
    found = FoundTranscript(Path("/home/dev/.gemini/a.jsonl"), "a.jsonl")
    assert pickle.loads(pickle.dumps(found)) == found
