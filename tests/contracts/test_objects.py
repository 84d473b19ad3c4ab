"""What a room may expect of wherever encrypted sound lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from earmark.errors import NotFound
from earmark.storage import FolderObjects, Objects, delete_all
from earmark.storage.objects import BucketObjects

MAKERS: dict[str, Callable[[Path], Objects]] = {
    "folder": lambda folder: FolderObjects(folder / "objects"),
    "bucket": lambda folder: BucketObjects("memory:///"),
}


@pytest.fixture(params=sorted(MAKERS))
def objects(request, tmp_path) -> Objects:
    return MAKERS[request.param](tmp_path)


def test_what_is_put_is_got_under_a_name_of_its_own(objects) -> None:
    first, second = objects.put("vault", b"one"), objects.put("vault", b"one")
    assert first != second
    assert objects.get(first) == objects.get(second) == b"one"
    assert set(objects.names("vault")) == {first, second}
    assert list(objects.names("masked")) == []


def test_what_is_deleted_is_gone(objects) -> None:
    gone, stays = objects.put("vault", b"one"), objects.put("vault", b"two")
    objects.delete(gone)
    with pytest.raises(NotFound):
        objects.get(gone)
    assert objects.get(stays) == b"two"
    assert list(objects.names("vault")) == [stays]


def test_many_are_deleted_at_once_and_nothing_else(objects) -> None:
    gone, stays = [objects.put("vault", b"one") for _ in range(30)], objects.put("vault", b"two")
    delete_all(objects, gone)
    assert list(objects.names("vault")) == [stays]
    delete_all(objects, [])
    assert list(objects.names("vault")) == [stays]


def test_a_folder_counts_what_it_deleted(tmp_path) -> None:
    objects = FolderObjects(tmp_path / "objects")
    names = [objects.put("vault", b"one") for _ in range(10)]
    assert objects.delete(names[0])
    assert not objects.delete(names[0])
    assert delete_all(objects, names) == 9


@pytest.mark.parametrize("name", ["../outside", "vault/../../outside", "/etc/hostname"])
def test_no_name_leads_out_of_the_folder(tmp_path, name) -> None:
    objects = FolderObjects(tmp_path / "objects")
    (tmp_path / "outside").write_bytes(b"not ours")
    for reach in (objects.get, objects.delete):
        with pytest.raises(NotFound):
            reach(name)
    assert (tmp_path / "outside").exists()
