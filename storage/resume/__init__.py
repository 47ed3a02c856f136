"""Resuming a session: resume tasks, the seeder, and subscriptions to both."""
