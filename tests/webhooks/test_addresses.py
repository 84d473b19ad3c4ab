"""Where a webhook may point, whatever is written and wherever its name leads."""

from __future__ import annotations

import pytest

from earmark.errors import BadRequest
from earmark.webhooks.addresses import all_permitted, check

OUTSIDE = "93.184.216.34"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/a?b=c",
        "https://hooks.example:8443/",
        f"https://{OUTSIDE}/",
        "https://[2606:2800:220:1::1]/x",
        "http://127.0.0.1:9000/",
        "http://localhost:9000/",
        "http://[::1]:9000/",
        "https://localhost/",
    ],
)
def test_tls_into_the_world_or_a_program_on_this_machine(url):
    check(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        f"http://{OUTSIDE}/",
        "http://10.0.0.1/",
        "http://localhost.hooks.example/",
        "ftp://hooks.example/",
        "hooks.example",
        "https://",
        "https:///x",
        "https://ada:secret@hooks.example/",
        "https://hooks.example/#x",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nHost: x",
        "https://höks.example/",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://[::1/",
        "https://hooks.example/" + "x" * 2000,
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_nothing_else_even_when_private_is_allowed(url, allow_private):
    with pytest.raises(BadRequest) as caught:
        check(url, allow_private=allow_private)
    assert "secret" not in str(caught.value)


PRIVATE = [
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.1.2.3",
    "240.0.0.1",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_needs_the_admins_word(address):
    written = f"https://[{address}]/" if ":" in address else f"https://{address}/"
    with pytest.raises(BadRequest):
        check(written)
    check(written, allow_private=True)
    assert not all_permitted([address], host="hooks.example", allow_private=False)
    assert all_permitted([address], host="hooks.example", allow_private=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_to_this_machine_is_refused(address):
    assert not all_permitted([address], host="hooks.example", allow_private=False)
    assert all_permitted([address], host="localhost", allow_private=False)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1"])  # noqa: S104
def test_what_is_nobodys_address_is_never_called(address):
    assert not all_permitted([address], host="hooks.example", allow_private=True)


def test_one_private_address_spoils_all():
    assert all_permitted([OUTSIDE], host="hooks.example", allow_private=False)
    assert not all_permitted([OUTSIDE, "10.0.0.1"], host="hooks.example", allow_private=False)
    assert not all_permitted([], host="hooks.example", allow_private=True)
    assert not all_permitted(["fe80::1%eth0"], host="hooks.example", allow_private=False)


def test_localhost_that_leads_out_is_not_called():
    assert not all_permitted([OUTSIDE], host="localhost", allow_private=False)


def test_an_address_takes_the_hosts_place():
    target = check("https://hooks.example:8443/a?b=c")
    assert target.at("2001:db8::1") == "https://[2001:db8::1]:8443/a?b=c"
    assert target.netloc == "hooks.example:8443"


@pytest.mark.parametrize("address", ["::7f00:1", "::10.0.0.1", "fec0::1", "64:ff9b:1::a00:1", "240.0.0.1"])
def test_old_and_odd_ways_into_a_private_network_are_closed(address):
    assert not all_permitted([address], host="evil.example", allow_private=False)
    assert all_permitted([address], host="inside.example", allow_private=True)
