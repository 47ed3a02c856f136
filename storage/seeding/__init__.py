"""Seeding: writing a session's transcript into a thread, batch by batch, under a lease.

`transcript.py` says what is written, `lease.py` who may write, `batch.py` puts one batch together, `seeder.py` runs it,
`silence.py` frees what frozen hosts hold.
"""
