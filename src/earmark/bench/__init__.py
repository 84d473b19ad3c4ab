"""Measurements of `earmark bench`: one module a name, each with `run`."""
