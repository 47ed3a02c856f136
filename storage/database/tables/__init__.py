"""The tables, one SQLModel class each.

Keys begin with the session or thread id, so that a distributed PostgreSQL can store the rows of one together.
"""
