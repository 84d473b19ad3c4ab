"""The command `earmark`: a thin face of the rooms."""

from earmark.cli.main import app, main

__all__ = ["app", "main"]
