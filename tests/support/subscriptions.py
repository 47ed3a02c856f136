"""Fake results of subscription resolvers."""

from collections.abc import AsyncIterator, Awaitable, Callable

States = Callable[[object, str], AsyncIterator[object]]


def started(states: States) -> Callable[[object, str], Awaitable[AsyncIterator[object]]]:
    """`states` as a resolver returns them, after the check that the subject exists."""

    async def watch(context: object, thread_id: str) -> AsyncIterator[object]:
        return states(context, thread_id)

    return watch
