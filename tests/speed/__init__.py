"""Benchmarks: what Reprise does beside the least that any program has to do for the same result.

`python -m tests.speed` prints one table for both databases. Each line is the median of several rounds; a round measures
Reprise and its limit one after the other, and `ratio` is the median of the rounds' ratios, 1 or more where Reprise is
as fast as its limit. Nothing here fails for being slow; `test_speed.py` only keeps it running.

seeding     thread items a second, from sending `resumeSession` over HTTP until a websocket has brought READY. Limit:
            the same rows put into the same tables by `connection.execute(table.insert(), rows)`, in as many
            transactions, with nothing to read, to parse or to guard. `resume to READY` is the time itself.
import      messages a second of one document after another, from files. Limit: parsing the files with orjson and
            putting the same rows of sessions and messages, ready-made, into the same two tables, one transaction a
            document.
list, ...   requests a second of eight connections that each wait for their answer, as ratios in one run. `to limit`:
            to a Starlette endpoint that runs one statement a level on the bare driver and answers with the same values
            through orjson. `to plain`: to Reprise with REPRISE_PREPARED=0, where Strawberry and graphql-core execute
            everything. Both without cached responses; `cached, to limit`: with them. The typed lines select `content`
            where the others select `rawContent`. Each server has a process of its own; the client shares the machine
            with them.

PostgreSQL is the one that tests use: without fsync, so that the disk has no part in its figures.
"""
