"""The room's statements."""

from earmark.storage import Statements

SQL = Statements("earmark.review")
