"""Webhooks: other programs are told what happened on the floor; ids and counts, never what was said or by whom.

added = await add(stores, url, events)                      # its secret is shown once
await announce(stores); await watch_backlog(stores)         # the worker: what happened becomes deliveries
await deliver(stores)                                       # the worker: each is posted, signed, until it is taken
"""

from earmark.webhooks.addresses import check
from earmark.webhooks.events import EVENTS, announce, watch_backlog
from earmark.webhooks.hooks import Added, Webhook, add, remove, try_out, webhooks
from earmark.webhooks.sending import GIVE_UP, TIMEOUT, Outcome, Wire, call_webhooks, deliver, pause
from earmark.webhooks.signing import headers, secret_of, signature

__all__ = [
    "EVENTS",
    "GIVE_UP",
    "TIMEOUT",
    "Added",
    "Outcome",
    "Webhook",
    "Wire",
    "add",
    "announce",
    "call_webhooks",
    "check",
    "deliver",
    "headers",
    "pause",
    "remove",
    "secret_of",
    "signature",
    "try_out",
    "watch_backlog",
    "webhooks",
]
