"""Text of generated transcripts: prose, code, paths and CJK, all from the random stream of one session."""

import math
from random import Random

from tests.speed.generate import Prose

CJK = "会话 恢复 线程 数据库 查询 索引 缓存 错误 文件 修复 函数 参数 配置 検索 結果 エラー 設定 설정 오류".split()
_SUFFIXES = "py py py ts ts go rs sql md json".split()


class SessionText:
    """Texts of one session. Lengths are log-normal around a median, in words or lines."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._prose = Prose(rng)

    def length(self, median: int, sigma: float = 0.9, most: int = 4000) -> int:
        """A log-normal number from 1 to `most`."""
        return max(1, min(most, int(self.rng.lognormvariate(math.log(median), sigma))))

    def words(self, count: int) -> str:
        """So many words, separated by spaces."""
        return " ".join(self._prose.words(count))

    def prose(self, median: int) -> str:
        """Sentences."""
        left, sentences = self.length(median), []
        while left > 0:
            count = min(left, self.rng.randint(4, 18))
            sentences.append(self.words(count).capitalize() + self.rng.choice("....:?"))
            left -= count
        return " ".join(sentences)

    def cjk(self, count: int) -> str:
        """Words without spaces between them."""
        return "".join(self.rng.choice(CJK) for _ in range(count)) + "。"

    def identifier(self) -> str:
        """A name as in code."""
        first, second = self._prose.words(2)
        return self.rng.choice((f"{first}_{second}", f"{first}{second.capitalize()}", first))

    def path(self) -> str:
        """The path of a source file."""
        folder, name = self._prose.words(2)
        return f"src/{folder}/{name}.{self.rng.choice(_SUFFIXES)}"

    def code(self, median: int) -> list[str]:
        """Lines of code."""
        lines = []
        for _ in range(self.length(median, 0.8, 900)):
            indent = "    " * self.rng.randint(0, 3)
            if self.rng.random() < 0.2:
                lines.append(f"{indent}# {self.words(self.rng.randint(3, 10))}")
            else:
                lines.append(
                    f'{indent}{self.identifier()} = {self.identifier()}({self.identifier()}, "{self.words(1)}")'
                )
        return lines
