"""Figures are medians of rounds, and the table shows them by database."""

from tests.speed.figure import Figure, duration, rate, table


def test_a_rate_has_the_medians_of_its_rounds_and_of_their_ratios() -> None:
    assert rate("import", "messages/s", [(10, 20), (30, 40), (50, 400)]) == Figure("import", "messages/s", 30, 40, 0.5)


def test_a_duration_has_a_ratio_above_one_where_it_is_shorter_than_its_limit() -> None:
    assert duration("resume", "s", [(2, 4), (1, 4), (4, 4)]) == Figure("resume", "s", 2, 4, 2)


def test_the_table_has_a_line_for_each_figure_and_leaves_out_what_there_is_not() -> None:
    figures = [Figure("import", "messages/s", 1234.5, 99.5, 0.5), Figure("list", "to limit", ratio=1.25)]

    assert table({"SQLite": figures}).splitlines() == [
        "                            Reprise  limit  ratio",
        "import  SQLite  messages/s    1,234  99.50   0.50",
        "list    SQLite  to limit                     1.25",
    ]
