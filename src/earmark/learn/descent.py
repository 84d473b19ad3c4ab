"""One step of Adam (Kingma & Ba 2015) over a tree of JAX arrays, for the networks that are trained here."""

from __future__ import annotations

from typing import Any

_KEPT = 0.9
"""Share of the mean of slopes that a step keeps."""


def adam(slope: Any, mean: Any, square: Any, number: Any, *, kept: float, tiny: float) -> tuple[Any, Any, Any]:
    """Return where to go at a rate of 1, and the two means, from a slope and the means of the steps before.

    `number`: of this step, from 1. `kept`: share of the mean of squares that a step keeps. `tiny`: added to its root.
    """
    import jax
    import jax.numpy as jnp

    mean = jax.tree.map(lambda old, new: _KEPT * old + (1.0 - _KEPT) * new, mean, slope)
    square = jax.tree.map(lambda old, new: kept * old + (1.0 - kept) * new**2, square, slope)
    way = jax.tree.map(
        lambda first, second: (first / (1.0 - _KEPT**number)) / (jnp.sqrt(second / (1.0 - kept**number)) + tiny),
        mean,
        square,
    )
    return way, mean, square
