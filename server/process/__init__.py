"""Uvicorn with bounded connections, graceful shutdown, signals and worker processes."""
