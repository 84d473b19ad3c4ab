"""Everything that keeps bytes: PostgreSQL, objects, keys, jobs. It knows no domain rules."""

from earmark.storage.database import ROLES, Connection, Pool, Row, fetch, open_pool, prepare
from earmark.storage.erasing import Chosen, Doomed, Eraser
from earmark.storage.home import Home
from earmark.storage.keys import FolderKeyStore, KeyStore, SlotState, derive
from earmark.storage.objects import FolderObjects, Objects, delete_all
from earmark.storage.postgres import EmbeddedPostgres
from earmark.storage.sealing import blind, seal, seal_json, unseal, unseal_json
from earmark.storage.sql import Statements
from earmark.storage.stores import NoKeys, Stores, open_stores

__all__ = [
    "ROLES",
    "Chosen",
    "Connection",
    "Doomed",
    "EmbeddedPostgres",
    "Eraser",
    "FolderKeyStore",
    "FolderObjects",
    "Home",
    "KeyStore",
    "NoKeys",
    "Objects",
    "Pool",
    "Row",
    "SlotState",
    "Statements",
    "Stores",
    "blind",
    "delete_all",
    "derive",
    "fetch",
    "open_pool",
    "open_stores",
    "prepare",
    "seal",
    "seal_json",
    "unseal",
    "unseal_json",
]
