"""Uvicorn as Reprise runs it: connections with limits, signals, and several worker processes."""
