"""Revisions compared: `make bench-revisions BASE=main`, or `python -m tests.speed.revisions BASE`.

Both revisions do the same work in alternating turns on one machine, each with its own environment and its own database
of the same documents. `ratio` is the median of the turns' ratios of the processes' CPU time, less than 1 where this
revision takes less than the base; `from` and `to` are the quartiles. CPU time says more than requests a second while
other programs run; what PostgreSQL itself takes is not in it.

list, ...   CPU milliseconds a request of the server, while eight connections each wait for their answer.
seeding     CPU milliseconds of the server from `resumeSession` until READY, for 5,000 items.
import      CPU milliseconds of `reprise import` of all documents, its start included.

Linux only: other systems do not tell the CPU time of another process.
"""
