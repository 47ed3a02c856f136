"""The slash commands of a session, and the prompts that stand for them."""

from storage.documents.formats.claude_code.graph import ConversationGraph

_MAX_STEPS = 20


class TypedCommands:
    """The commands by the lines that echo them, and the lines that may stand between an echo and its prompt."""

    def __init__(self, graph: ConversationGraph) -> None:
        self._graph = graph
        self._commands: dict[int, str] = {}
        self._between: set[int] = set()

    def take_in(self, node: int, command: str | None) -> None:
        """Take in a line that echoes a command, or has the output of one, which stands for no prompt."""
        if command is not None:
            self._commands[node] = command
        else:
            self._between.discard(node)

    def pass_over(self, node: int) -> None:
        """Take in a line that is neither: a prompt behind it may still stand for the command."""
        self._between.add(node)

    def before(self, node: int) -> str | None:
        """The command of which the line before, those between left out, is the echo."""
        for _ in range(_MAX_STEPS):
            node = self._graph.parent(node)
            if node in self._commands:
                return self._commands[node]
            if node not in self._between:
                break
        return None
