"""Seeding: writing a session's transcript into a thread, batch by batch, under a lease.

`lease.py` says who may write, `batch.py` builds one batch, `seeder.py` runs them, and `idle_backends.py` frees what
frozen hosts hold.
"""
