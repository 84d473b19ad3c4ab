"""Sites, campaigns and invitations by command."""

from __future__ import annotations


def test_a_site_is_set_up_and_changed(earmark) -> None:
    made = earmark(
        "sites", "set", "Hyderabad", "--language", "hi", "--language", "en", "--timezone", "Asia/Kolkata",
        "--opens", "06:00", "--closes", "23:00", "--days", "1,2,3", "--serves", "home", "--serves", "in",
        "--pass-mark", "0.8", "--json",
    ).json  # fmt: skip
    assert (made["serves"], made["days"], made["pass_mark"]) == (["home", "in"], [1, 2, 3], 0.8)
    assert earmark("sites", "set", "Hyderabad", "--pass-mark", "none", "--json").json["pass_mark"] is None
    (listed,) = earmark("sites", "list", "--json").json
    assert (listed["name"], listed["opens"], listed["closes"]) == ("Hyderabad", "06:00", "23:00")
    assert "Hyderabad" in earmark("sites", "list").stdout
    refused = earmark("sites", "set", "Hyderabad", "--timezone", "Nowhere/At-all", "--json")
    assert refused.exit_code == 1
    assert refused.json["error"]["code"] == "request.invalid"


def test_a_campaign_is_opened_changed_and_closed(earmark) -> None:
    opened = earmark(
        "campaigns", "set", "May", "--purpose", "Fewer false wakes", "--question", "wake", "--language", "en",
        "--budget", 100, "--deadline", "2099-05-31", "--json",
    ).json  # fmt: skip
    assert (opened["state"], opened["spent"], "made_by" in opened) == ("open", 0, False)
    assert earmark("campaigns", "set", "May", "--budget", 200, "--json").json["budget"] == 200
    assert earmark("campaigns", "set", "May", "--purpose", "Another", "--json").exit_code == 1
    assert earmark("campaigns", "set", "May", "--state", "closed", "--json").json["state"] == "closed"
    (listed,) = earmark("campaigns", "list", "--json").json
    assert (listed["name"], listed["budget"], listed["state"]) == ("May", 200, "closed")
    assert "May" in earmark("campaigns", "list").stdout


def test_somebody_is_invited_by_command(earmark) -> None:
    link = earmark("people", "invite", "Hyderabad", "--language", "hi", "--json").json["link"]
    assert "/invite/" in link
    assert earmark("people", "invite", "Hyderabad", "--role", "admin", "--json").exit_code == 1
    assert earmark("people", "unlock", "abcd", "--reason", "Looked into it", "--json").exit_code == 1
