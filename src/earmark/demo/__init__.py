"""`earmark demo`: a sample household turns the ring once, on real recordings or on synthesised voices."""

from earmark.demo.turning import Turned, turn

__all__ = ["Turned", "turn"]
