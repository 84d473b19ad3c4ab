"""The faces of the rooms in the browser: three applications, their pages and their JSON."""

from earmark.web.apps import create_desk, create_floor, create_home

__all__ = ["create_desk", "create_floor", "create_home"]
