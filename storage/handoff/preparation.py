"""Prepares a conversation for a program: what it cannot take in kind becomes text or is left out, and is counted."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from storage.cancellation import check_cancelled
from storage.handoff import losses
from storage.handoff.conversation import (
    ASSISTANT,
    SYSTEM,
    USER,
    Answer,
    Call,
    Conversation,
    ConversationMessage,
    Injected,
    LeftBranch,
    Orphan,
    Other,
    Part,
    Picture,
    Summary,
    Text,
    Thinking,
)
from storage.handoff.losses import Losses
from storage.json_codec import dump

NO_ANSWER = "No answer to this call was saved, so its outcome is not known. Check before running it again."
ORPHAN_INTRODUCTION = "The answer of a tool, whose call was not saved:"
COMMAND_INTRODUCTION = "The user typed: "
SUMMARY_INTRODUCTION = "A summary of the conversation up to here:"
MAX_NAME_LENGTH = 64
"""The longest name of a tool that all models' interfaces take."""

_NAME_CHARACTER = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The kinds of content that a program takes as they are.

    `reasoning`: thoughts without a signature. `image_links`: pictures by their addresses. `result_images`: pictures in
    answers of tools. `any_input`: arguments that are no JSON object. `summaries`: the summary of a compaction at the
    beginning. `opening` and `closing`: a conversation must begin with the user's words, or end with the model's.
    `images_of_failures`: pictures in answers that are errors. `command_marks`: the beginnings of prompts that the
    program takes as commands, and does not send.
    """

    reasoning: bool = False
    images: bool = True
    image_links: bool = False
    result_images: bool = True
    any_input: bool = False
    summaries: bool = False
    opening: bool = False
    closing: bool = False
    images_of_failures: bool = True
    command_marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A conversation that a program takes as it is: its messages are the user's and the model's, and all calls have
    answers.
    """

    conversation: Conversation
    losses: Losses

    @property
    def messages(self) -> tuple[ConversationMessage, ...]:
        """The messages in order."""
        return self.conversation.messages


def prepare(conversation: Conversation, takes: Capabilities, from_agent: str) -> Prepared:
    """The conversation for a program; `from_agent` is the name of the agent that it comes from."""
    counted = Losses()
    counted.add(losses.BRANCH, "Messages of left branches stay behind.", conversation.left_messages)
    counted.add(losses.COMPACTION, "Messages before a compaction stay behind.", conversation.earlier_messages)
    preparation = _Preparation(takes, counted)
    said = preparation.with_needed_injections(conversation.messages)
    messages = [made for message in said for made in preparation.messages(message)]
    if len(messages) == 1 and isinstance(summary := messages[0].parts[0], Summary) and not takes.closing:
        # Programs do not list a session in which nobody said a word.
        messages = [messages[0]._replace(parts=(preparation.summary_as_text(summary.text),))]
    if takes.opening and messages and messages[0].role != USER:
        messages.insert(0, _added(USER, f"(The conversation began in {from_agent}.)", messages[0], counted))
    if takes.closing and messages and not _is_closed(messages[-1]):
        messages.append(_added(ASSISTANT, f"(The conversation in {from_agent} ended here.)", messages[-1], counted))
    return Prepared(replace(conversation, messages=tuple(messages)), counted)


def _added(role: str, text: str, beside: ConversationMessage, counted: Losses) -> ConversationMessage:
    counted.add(losses.ADDED_TEXT, "A message was added, since the program needs one there.")
    return ConversationMessage(role, (Text(text),), beside.created_at)


def _is_closed(message: ConversationMessage) -> bool:
    return message.role == ASSISTANT and isinstance(message.parts[-1], Text)


class _Preparation:
    def __init__(self, takes: Capabilities, counted: Losses) -> None:
        self._takes = takes
        self._losses = counted
        self._is_first = True

    def with_needed_injections(self, messages: Sequence[ConversationMessage]) -> Iterator[ConversationMessage]:
        """The messages, in which injected text counts as the user's where the model answers to nothing else.

        Examples are the prompts that a person's commands stand for, and notices that a background task has ended.
        """
        before: ConversationMessage | None = None
        for is_reply, group in itertools.groupby(messages, key=lambda message: message.role == ASSISTANT):
            run = list(group)
            if is_reply:
                before = run[-1]
                yield from run
                continue
            has_own = any(not isinstance(part, Injected) for message in run for part in message.parts)
            was_called = before is not None and any(isinstance(part, Call) for part in before.parts)
            is_answered = run[-1] is not messages[-1]
            if has_own or was_called or not is_answered:
                yield from run
            else:
                yield from map(self._with_injections, run)

    def _with_injections(self, message: ConversationMessage) -> ConversationMessage:
        self._losses.add(losses.INJECTED_TEXT, "Text that a reply answers to is carried as the user's.")
        return message._replace(role=USER, parts=tuple(Text(getattr(part, "text", "")) for part in message.parts))

    def messages(self, message: ConversationMessage) -> Iterator[ConversationMessage]:
        """The message without what cannot be carried, in parts where not all of it can be said at once.

        Raises WorkCancelled.
        """
        check_cancelled()
        if message.role == SYSTEM:
            parts = [part for raw in message.parts for part in self._of_system(raw)]
            message = message._replace(role=USER)
        else:
            parts = [part for raw in message.parts for part in self._part(message.role, raw)]
        for role, run in _runs(message.role, parts):
            if role == USER and self._takes.command_marks and _text_of(run).startswith(self._takes.command_marks):
                self._losses.add(losses.ADDED_TEXT, "Prompts that look like commands are introduced as the user's.")
                run.insert(0, Text(COMMAND_INTRODUCTION))
            yield message._replace(role=role, parts=tuple(run))

    def _of_system(self, part: Part) -> Iterable[Part]:
        if isinstance(part, Text) and part.text.strip():
            self._losses.add(losses.SYSTEM_TEXT, "Messages of the system are carried under the user's role.")
        return self._part(USER, part)

    def _part(self, role: str, part: Part) -> Sequence[Part]:
        carried = self._carried(role, part)
        self._is_first = self._is_first and not carried
        return carried

    def _carried(self, role: str, part: Part) -> Sequence[Part]:
        match part:
            case Text(text):
                return [part] if text.strip() else []
            case Injected(text):
                if text.strip():
                    self._losses.add(losses.INJECTED_TEXT, "Text that the program had put in is left out.")
                return []
            case Thinking():
                return self._thinking(part)
            case Picture():
                return [self._picture(part, is_taken=self._takes.images and role == USER)]
            case Summary(text):
                return self._summary(text)
            case LeftBranch(text):
                return self._left_branch(text)
            case Call():
                return [self._call(part)]
            case Orphan(answer):
                return self._orphan(role, answer)
            case Other():
                return self._other(part)

    def _thinking(self, part: Thinking) -> list[Part]:
        if part.is_sealed:
            self._losses.add(losses.REASONING, "Signed or encrypted reasoning is carried without its seal.")
        if not part.text.strip():
            return []
        if self._takes.reasoning:
            return [Thinking(part.text)]
        self._losses.add(losses.REASONING, "Reasoning is carried as text.")
        return [Text(f"<thinking>\n{part.text}\n</thinking>")]

    def _picture(self, part: Picture, *, is_taken: bool) -> Text | Picture:
        if is_taken and (part.data or self._takes.image_links):
            return part
        if part.data:
            self._losses.add(losses.IMAGE, "Pictures are left out, and a note stands in their place.")
            return Text(f"[A picture of the type {part.media_type} was here.]")
        self._losses.add(losses.IMAGE, "Pictures are carried as their addresses.")
        return Text(f"[A picture: {part.url}]")

    def _summary(self, text: str) -> list[Part]:
        if not text.strip():
            self._losses.add(losses.COMPACTION, "A summary that only its provider can read is left out.")
            return []
        if self._takes.summaries and self._is_first:
            return [Summary(text)]
        return [self.summary_as_text(text)]

    def summary_as_text(self, text: str) -> Text:
        """A summary as the user's words."""
        self._losses.add(losses.COMPACTION, "The summary of a compaction is carried as the user's text.")
        return Text(f"{SUMMARY_INTRODUCTION}\n\n{text}")

    def _left_branch(self, text: str) -> list[Part]:
        if not text.strip():
            return []
        self._losses.add(losses.BRANCH, "The summary of a left branch is carried as the user's text.")
        return [Text(text)]

    def _call(self, call: Call) -> Call:
        name = _NAME_CHARACTER.sub("_", call.name)[:MAX_NAME_LENGTH] or "tool"
        if name != call.name:
            self._losses.add(losses.TOOL_NAME, "Names of tools are carried with other characters replaced.")
        given = call.input
        if not self._takes.any_input and not isinstance(given, dict):
            if given is not None:
                self._losses.add(losses.TOOL_INPUT, "Arguments that are no object are put into one, as `input`.")
            given = {} if given is None else {"input": given}
        return Call(name, given, self._answer(call.answer))

    def _answer(self, answer: Answer | None) -> Answer:
        if answer is None:
            self._losses.add(losses.UNANSWERED_CALL, "Calls without an answer are given one that says so.")
            return Answer((Text(NO_ANSWER),), is_error=True)
        takes_images = self._takes.result_images and (self._takes.images_of_failures or not answer.is_error)
        content = [part for raw in answer.content for part in self._answer_part(raw, takes_images=takes_images)]
        return Answer(tuple(content), answer.is_error)

    def _answer_part(self, part: Text | Picture | Other, *, takes_images: bool) -> list[Text | Picture | Other]:
        match part:
            case Picture():
                return [self._picture(part, is_taken=takes_images)]
            case Other():
                self._losses.add(losses.OTHER_BLOCK, "Parts of answers of an unknown kind are carried as JSON.")
                return [Text(dump(part.value))]
        return [part]

    def _orphan(self, role: str, answer: Answer) -> list[Part]:
        self._losses.add(losses.ORPHAN_RESULT, "Answers without a call are carried as text.")
        content = [
            self._picture(part, is_taken=self._takes.images and role == USER) if isinstance(part, Picture) else part
            for part in self._answer(answer).content
        ]
        return [Text(ORPHAN_INTRODUCTION), *content] if content else []

    def _other(self, part: Other) -> list[Part]:
        self._losses.add(losses.OTHER_BLOCK, "Blocks of a kind that only its agent has are left out.")
        return []


def _text_of(parts: Iterable[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text)).lstrip()


def _runs(role: str, parts: Iterable[Part]) -> Iterator[tuple[str, list[Part]]]:
    """Parts that can be said at once: by one role, without anything between a call and its answer."""
    speaker, run = role, list[Part]()
    for part in parts:
        speaks = ASSISTANT if isinstance(part, Call | Thinking) else USER if isinstance(part, Summary) else role
        is_behind = bool(run) and (
            isinstance(run[-1], Summary)
            or isinstance(part, Summary)
            or (isinstance(run[-1], Call) and not isinstance(part, Call))
        )
        if run and (speaks != speaker or is_behind):
            yield speaker, run
            run = []
        speaker = speaks
        run.append(part)
    if run:
        yield speaker, run
