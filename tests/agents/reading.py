"""What is read of the sessions that programs wrote."""

from storage.documents.derived_session import DerivedSession
from storage.documents.formats.registry import FORMATS
from storage.documents.formats.transcript_format import TranscriptFormat
from tests.agents.model_server.conversation import Expected, missing
from tests.agents.model_server.server import Request
from tests.agents.programs.program import Program
from tests.agents.recording import ANSWER, FOREWORD, PRICES, PROMPT, SECOND_ANSWER, SECOND_PROMPT, Recording
from tests.support.format_checks import check
from tests.support.stored_transcript import StoredTranscript


def read(format: TranscriptFormat, recording: Recording) -> DerivedSession:
    """The session that a format derives from the files below the program's home."""
    found = [StoredTranscript.found(one) for one in format.find(recording.program.root).transcripts]
    session = format.derive([one for one in found if format.session_id(one) == recording.session_id])
    check(session)
    assert session is not None
    return session


def sessions(program: Program, source: str) -> dict[str, DerivedSession]:
    """The sessions below the home of a program, by their ids."""
    format = FORMATS[source]
    found = [StoredTranscript.found(one) for one in format.find(program.root).transcripts]
    bases = {key: transcript for transcript in found for key in format.keys(transcript)}
    transcripts: dict[str | None, list[StoredTranscript]] = {}
    for one in found:
        transcript = StoredTranscript(one.name, one.data, one._companions, bases)
        transcripts.setdefault(format.session_id(transcript), []).append(transcript)
    derived = [format.derive(of_session) for id, of_session in transcripts.items() if id is not None]
    for session in derived:
        check(session)
    return {session.id: session for session in derived if session is not None}


def unsent(session: DerivedSession, request: Request) -> list[Expected]:
    """What was said in the live view up to the last prompt, and was not sent, or in another order."""
    said = [
        Expected("text", str(block["text"]), message.role.lower())
        for message in (session.messages[index] for index in session.live)
        for block in message.build()
        if block["type"] == "text" and not message.is_injected
    ]
    assert said, "The live view has texts"
    # The last text is the answer to the request.
    return missing(request.conversation, said[:-1])


def check_conversation(session: DerivedSession, recording: Recording, quote: str = "") -> None:
    """Assert that the session has everything that was said, once and in order, and each call with its result."""
    live = [session.messages[index] for index in session.live]
    blocks = [block for message in live if not message.is_injected for block in message.build()]
    prompts = (f"{quote}{PROMPT}{quote}", f"{quote}{SECOND_PROMPT}{quote}")
    assert [block["text"] for block in blocks if block["type"] == "text"] == [
        *(prompts[0], FOREWORD, ANSWER),
        *(prompts[1], SECOND_ANSWER),
    ]
    calls = [block for block in blocks if block["type"] == "tool_use"]
    results = [block for block in blocks if block["type"] == "tool_result"]
    assert ["cat prices.txt" in str(call["input"]) for call in calls] == [True, False]
    assert [result["tool_use_id"] for result in results] == [call["id"] for call in calls]
    assert PRICES in str(results[0]["content"])
    assert "nothing.txt" in str(results[1]["content"])
    assert session.workspace == str(recording.cwd)
    assert session.first_prompt == prompts[0]
    usage = session.usage
    assert (usage.input, usage.cache_read, usage.output + usage.reasoning) == (600, 3_000, 102)
