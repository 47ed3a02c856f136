"""Seeding: writing a session's transcript into a thread, batch by batch, under a lease.

`lease.py` decides which process may write, `batch.py` builds one batch, `seeder.py` runs them, and `idle_backends.py`
releases the locks of frozen hosts.
"""
