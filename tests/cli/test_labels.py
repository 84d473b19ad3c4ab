"""`earmark labels export`: the command around it; what it writes is tested in tests/learn/test_handing_out.py."""

from __future__ import annotations


def test_where_there_is_no_label_an_export_is_empty(earmark, tmp_path):
    done = earmark("labels", "export", tmp_path / "out", "--format", "hf", "--json")
    assert done.exit_code == 0
    assert done.json["labels"] == 0
    assert (tmp_path / "out" / "labels.jsonl").read_bytes() == b""
    assert (tmp_path / "out" / "README.md").stat().st_mode & 0o077 == 0


def test_the_output_holds_the_labels_and_nothing_else(earmark):
    done = earmark("labels", "export", "-", "--format", "label-studio")
    assert done.stdout == "[\n\n]\n"
    assert "no sound" in done.stderr


def test_what_is_wrong_is_one_sentence(earmark, tmp_path):
    for wrong in (
        ("-", "--format", "csv", "--json"),
        (tmp_path / "out", "--format", "csv", "--since", "yesterday", "--json"),
        (tmp_path / "out", "--format", "csv", "--question", "wake", "--json"),
        (tmp_path / "out", "--format", "xml", "--json"),
    ):
        done = earmark("labels", "export", *wrong)
        assert done.exit_code == 1
        assert done.json["error"]["code"] == "request.invalid"
