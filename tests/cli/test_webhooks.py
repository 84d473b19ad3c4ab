"""`earmark webhooks`: the admin's commands."""

from __future__ import annotations


def test_a_webhook_is_added_listed_tried_and_removed(earmark):
    added = earmark("webhooks", "add", "http://127.0.0.1:9/hook", "--events", "label.agreed, case.overdue", "--json")
    assert added.json["secret"].startswith("whsec_")
    (found,) = earmark("webhooks", "list", "--json").json
    assert (found["id"], found["events"], found["waiting"]) == (added.json["id"], ["case.overdue", "label.agreed"], 0)
    assert "secret" not in found
    tried = earmark("webhooks", "test", found["id"], "--json")
    assert (tried.exit_code, tried.json["taken"], tried.json["why"]) == (1, False, "there was no connection")
    assert earmark("webhooks", "remove", found["id"], "--json").json == {"removed": found["id"]}
    assert earmark("webhooks", "list", "--json").json == []
    assert "Nobody is told" in earmark("webhooks", "list").stdout


def test_what_is_wrong_is_one_sentence(earmark):
    for wrong, code in (
        (("add", "http://hooks.example/", "--events", "label.agreed"), "request.invalid"),
        (("add", "https://192.168.1.1/", "--events", "label.agreed"), "request.invalid"),
        (("add", "https://hooks.example/", "--events", "sound.played"), "request.invalid"),
        (("remove", "nobody"), "thing.not-found"),
        (("test", "7f1f6f0a-3a3f-4f7e-9d5e-000000000000"), "thing.not-found"),
    ):
        done = earmark("webhooks", *wrong, "--json")
        assert done.exit_code == 1
        assert done.json["error"]["code"] == code


def test_private_addresses_when_the_admin_says_so(earmark):
    added = earmark("webhooks", "add", "https://192.168.1.1/", "--events", "backlog.low", "--allow-private")
    assert added.exit_code == 0
    assert "whsec_" in added.stdout
