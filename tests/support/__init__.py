"""Helpers shared by tests: databases, servers, clients and documents."""
