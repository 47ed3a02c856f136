"""Stand-ins for what a subscription's resolver gives."""

from collections.abc import AsyncIterator, Awaitable, Callable

States = Callable[[object, str], AsyncIterator[object]]


def started(states: States) -> Callable[[object, str], Awaitable[AsyncIterator[object]]]:
    """`states` as a resolver gives them: once it knows that there is something to follow."""

    async def watch(context: object, thread_id: str) -> AsyncIterator[object]:
        return states(context, thread_id)

    return watch
