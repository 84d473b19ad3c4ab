"""Label Studio's tasks: `data`, and one annotation whose `result` answers with text areas and choices.

The names of the controls are those of the questions, so the labelling config that lies beside the tasks shows each
answer where it belongs (https://labelstud.io/guide/task_format).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from earmark.airlock import Leaving
from earmark.learn.handing_out.naming import name_of

SOUND = "audio"
WRITTEN = ("text", "intent", "slots")
"""Parts of an answer that somebody may write; `value` is chosen."""


def task(label: Leaving) -> dict[str, Any]:
    return {
        "data": {
            SOUND: name_of(label),
            "label_id": str(label.id),
            "question": label.question,
            "made_by": label.made_by,
            "agreed_on": label.agreed_on.isoformat(),
            "duration": label.seconds,
        },
        "annotations": [{"result": list(_result(label))}],
    }


def _result(label: Leaving) -> Iterator[dict[str, Any]]:
    for part, value in label.answer.items():
        if part == "value":
            yield _part(label.question, "choices", {"choices": [value]})
        elif part in WRITTEN and value:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield _part(control(label.question, part), "textarea", {"text": [text]})


def control(question: str, part: str) -> str:
    """Return the name of the text area of one part of an answer: `transcription`, `understood_intent`."""
    return "transcription" if (question, part) == ("transcript", "text") else f"{question}_{part}"


def _part(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": name, "to_name": SOUND, "type": kind, "value": value}


def pieces(label: Leaving) -> tuple[str, ...]:
    return (json.dumps(task(label), ensure_ascii=False),)


def config(values: Mapping[str, set[str]]) -> str:
    """Return the labelling config for these questions and the values that were chosen.

    `values` holds, besides chosen values, the names of written parts with a colon before them: `:text`.
    """
    lines = ["<View>", f'  <Audio name="{SOUND}" value="${SOUND}"/>']
    for question in sorted(values):
        for part in WRITTEN:
            if f":{part}" in values[question]:
                name = quoteattr(control(question, part))
                lines.append(f'  <TextArea name={name} toName="{SOUND}" maxSubmissions="1" editable="true"/>')
        chosen = sorted(each for each in values[question] if not each.startswith(":"))
        if chosen:
            lines.append(f'  <Choices name={quoteattr(question)} toName="{SOUND}" choice="single">')
            lines += [f"    <Choice value={quoteattr(each)}/>" for each in chosen]
            lines.append("  </Choices>")
    return "\n".join([*lines, "</View>", ""])
