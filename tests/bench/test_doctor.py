"""Whether what is measured is a household in order; how fast it is examined, no test says."""

from __future__ import annotations

from earmark.bench import doctor


def test_the_crowd_is_in_order() -> None:
    found = doctor.run(lambda _: None, rows=100)
    assert found["findings"] == 0
    assert found["rows"] == 100
    assert found["seconds"] > 0
    assert found["peak_mb"] > 0
