"""Labels out: each form as its tool reads it, no sound, nothing about whose it is, the same bytes twice."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import date

import pytest

from earmark import audit, consent
from earmark.errors import BadRequest
from earmark.learn.handing_out import FORMS, STDOUT, hand_out
from earmark.learn.handing_out.forms import COLUMNS, cell
from earmark.vault import Content

DAY = "2026-05-04"


@pytest.fixture
async def labelled(stores, household, clock, teach):
    """Labels of Ada, who allows review, and of Ben, who allows saving only."""
    await consent.set_grant(stores, household.ada, "review", True, how="settings")
    await teach(
        household.ada,
        wake={"value": "said"},
        transcript={"text": 'say "hello" to ben, then stop'},
        understood={"value": "wrong", "intent": "sendMessage", "slots": {"who": "Ben", "number": "0 7 4 5 1 2"}},
    )
    await teach(household.ada, transcript={"text": "=cmd|' /C calc'!A0"}, content=Content(text="x"))
    await teach(household.ben, wake={"value": "not_said"})
    return household


async def written(stores, tmp_path, form, **how):
    done = await hand_out(stores, form=form, to=tmp_path / form, **how)
    return done, [file.read_bytes() for file in done.files]


@pytest.mark.parametrize("form", sorted(FORMS))
async def test_whose_it_is_and_what_it_sounded_like_do_not_leave(stores, labelled, tmp_path, form):
    done, files = await written(stores, tmp_path, form)
    assert done.labels == 4
    everything = b"".join(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data for data in files).decode()
    for secret in (labelled.ada, labelled.ben, labelled.kitchen, labelled.id):
        assert str(secret) not in everything
    for name in ("ben", "Ben", "Ada", "09:30", "T09", "7 4 5"):
        assert name not in everything, name
    assert "[name]" in everything
    assert "earmark:" in everything
    assert not [file for file in (tmp_path / form).rglob("*") if file.suffix in (".wav", ".flac", ".part")]


@pytest.mark.parametrize("form", sorted(FORMS))
async def test_twice_gives_the_same_bytes(stores, labelled, tmp_path, form):
    _, first = await written(stores, tmp_path, form)
    _, again = await written(stores, tmp_path, form, force=True)
    assert first == again


async def test_who_takes_the_consent_back_is_left_out(stores, labelled, tmp_path):
    await consent.set_grant(stores, labelled.ada, "review", False, how="settings")
    done, _ = await written(stores, tmp_path, "csv")
    assert done.labels == 0


async def test_a_manifest_for_nemo(stores, labelled, tmp_path):
    _, (data,) = await written(stores, tmp_path, "nemo", questions=["transcript", "wake"])
    lines = [json.loads(line) for line in data.splitlines()]
    (said,) = [line for line in lines if line.get("text", "").startswith("say")]
    assert said == {
        "audio_filepath": f"earmark:{said['label_id']}",
        "duration": 2.0,
        "text": 'say "hello" to [name] then stop',
        "label_id": said["label_id"],
        "question": "transcript",
        "made_by": "agreement",
        "agreed_on": DAY,
    }
    assert [line["label"] for line in lines if line["question"] == "wake"] == ["said"]
    assert [line["label_id"] for line in lines] == sorted(line["label_id"] for line in lines)


async def test_columns_for_hugging_face_are_the_same_for_every_question(stores, labelled, tmp_path):
    done, (data, card) = await written(stores, tmp_path, "hf")
    lines = [json.loads(line) for line in data.splitlines()]
    assert len({tuple(line) for line in lines}) == 1
    assert [file.name for file in done.files] == ["labels.jsonl", "README.md"]
    assert all(f"  - name: {column}\n" in card.decode() for column in lines[0])
    (understood,) = [line for line in lines if line["question"] == "understood"]
    assert understood["slots"] == [{"name": "who", "value": "[name]"}, {"name": "number", "value": "[number]"}]
    assert (understood["text"], understood["value"], understood["intent"]) == (None, "wrong", "sendMessage")


async def test_manifests_for_lhotse_fit_together(stores, labelled, tmp_path):
    _, files = await written(stores, tmp_path, "lhotse")
    recordings, supervisions, cuts = (
        [json.loads(line) for line in gzip.decompress(data).splitlines()] for data in files
    )
    assert len(recordings) == len(supervisions) == len(cuts) == 4
    for recording, supervision, cut in zip(recordings, supervisions, cuts, strict=True):
        assert recording["num_samples"] / recording["sampling_rate"] == recording["duration"] == 2
        assert recording["sources"] == [{"type": "file", "channels": [0], "source": f"earmark:{recording['id']}"}]
        assert supervision["recording_id"] == recording["id"]
        assert cut["supervisions"] == [supervision]
        assert cut["recording"] == recording
        assert cut["type"] == "MonoCut"
    texts = [each["text"] for each in supervisions if each["custom"]["question"] == "transcript"]
    assert 'say "hello" to [name] then stop' in texts


async def test_a_table_that_no_spreadsheet_runs(stores, labelled, tmp_path):
    _, (data,) = await written(stores, tmp_path, "csv")
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert sum(row["text"].startswith("'=cmd") for row in rows) == 1
    assert not [value for row in rows for value in row.values() if value[:1] in tuple("=+-@")]
    (understood,) = [row for row in rows if row["question"] == "understood"]
    assert json.loads(understood["slots"]) == {"who": "[name]", "number": "[number]"}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "  =1", "＝1"])
def test_a_cell_that_looks_like_a_formula_is_text(text):
    assert cell(text) == f"'{text}"


def test_a_cell_that_does_not_stays_as_it_is():
    assert cell("two = two, it's") == "two = two, it's"


async def test_tasks_for_label_studio_answer_with_its_controls(stores, labelled, tmp_path):
    _, (data, config) = await written(stores, tmp_path, "label-studio")
    tasks = json.loads(data)
    by_question = {task["data"]["question"]: task["annotations"][0]["result"] for task in tasks}
    assert by_question["wake"] == [
        {"from_name": "wake", "to_name": "audio", "type": "choices", "value": {"choices": ["said"]}}
    ]
    for part in (part for task in tasks for part in task["annotations"][0]["result"]):
        assert f'name="{part["from_name"]}" toName="audio"' in config.decode()
        assert part["type"] in ("choices", "textarea")
    assert '<Choice value="wrong"/>' in config.decode()
    assert {task["data"]["audio"].partition(":")[0] for task in tasks} == {"earmark"}


async def test_of_two_transcripts_whose_is_better_leaves(stores, labelled, teach, tmp_path):
    await teach(labelled.ada, compare={"value": "b", "whose": "machine"}, helpful={"value": "yes"})
    _, (data,) = await written(stores, tmp_path, "nemo", questions=["compare", "helpful"])
    assert {(line["question"], line["label"]) for line in map(json.loads, data.splitlines())} == {
        ("compare", "machine"), ("helpful", "yes"),
    }  # fmt: skip


async def test_an_empty_list_is_still_json(stores, labelled, tmp_path, clock):
    clock.turn(days=3)
    _, (data, _) = await written(stores, tmp_path, "label-studio", since=clock().date())
    assert json.loads(data) == []


async def test_what_leaves_is_in_the_log_before_it_leaves(stores, labelled, tmp_path):
    await written(stores, tmp_path, "csv", questions=["wake"])
    await audit.sequence(stores)
    (event,) = [e["event"] for e in await audit.recent(stores) if e["event"]["what"] == "labels.exported"]
    assert (event["form"], event["labels"], event["questions"]) == ("csv", 2, ["wake"])


async def test_only_from_a_day_on(stores, labelled, teach, clock, tmp_path):
    clock.turn(days=2)
    await teach(labelled.ada, wake={"value": "unclear"})
    done, (data,) = await written(stores, tmp_path, "nemo", since=date(2026, 5, 5))
    assert done.labels == 1
    assert json.loads(data)["agreed_on"] == "2026-05-06"


async def test_more_than_a_page(stores, labelled, tmp_path, monkeypatch):
    monkeypatch.setattr("earmark.airlock.leaving._PAGE", 2)
    done, _ = await written(stores, tmp_path, "nemo")
    assert done.labels == 4


async def test_what_can_not_be_done_is_said(stores, labelled, tmp_path):
    file = tmp_path / "file"
    file.touch()
    for to, how in (
        (tmp_path / "a", {"form": "kaldi"}),
        (tmp_path / "a", {"form": "nemo", "questions": ["smell"]}),
        (STDOUT, {"form": "lhotse"}),
        (file, {"form": "nemo"}),
        (tmp_path / "no" / "where", {"form": "nemo"}),
    ):
        with pytest.raises(BadRequest):
            await hand_out(stores, to=to, stdout=io.BytesIO(), **how)  # type: ignore[arg-type]
    await hand_out(stores, form="nemo", to=tmp_path / "a")
    with pytest.raises(BadRequest):
        await hand_out(stores, form="nemo", to=tmp_path / "a")
    assert not list(tmp_path.rglob("*.part"))


async def test_a_folder_and_the_output_get_the_same(stores, labelled, tmp_path):
    out = io.BytesIO()
    await hand_out(stores, form="csv", to=STDOUT, stdout=out)
    _, (data,) = await written(stores, tmp_path, "csv")
    assert out.getvalue() == data
