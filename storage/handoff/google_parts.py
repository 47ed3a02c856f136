"""Parts of messages in Google's GenAI form, which Gemini CLI and Qwen Code write."""

from storage.handoff.conversation import Answer, Call, Part, Picture, Text, Thinking


def part_of(part: Part) -> dict[str, object]:
    """A text, a thought or a picture."""
    match part:
        case Text(text):
            return {"text": text}
        case Thinking(text):
            return {"text": text, "thought": True}
        case Picture():
            return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
    raise TypeError(f"{type(part).__name__} must have been prepared")


def response_parts(call_id: str, call: Call) -> list[dict[str, object]]:
    """The answer of a call: the response with its text, and the pictures behind it."""
    answer = answer_of(call)
    text = "\n".join(part.text for part in answer.content if isinstance(part, Text))
    response = {"id": call_id, "name": call.name, "response": {"error" if answer.is_error else "output": text}}
    pictures = [part_of(part) for part in answer.content if isinstance(part, Picture)]
    return [{"functionResponse": response}, *pictures]


def answer_of(call: Call) -> Answer:
    """The answer, which every call of a prepared conversation has."""
    if call.answer is None:
        raise TypeError("The call must have been prepared")
    return call.answer
