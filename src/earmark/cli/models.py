"""`earmark models`: which there are, how each did, which is in use, and how one comes to the devices and back."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from earmark import learn as learning
from earmark import vault
from earmark.cli.run import AsJson, emit, installation, out, run
from earmark.learn import Rollout

models_app = typer.Typer(help="The models: which there are, which is in use, and how to go back.", no_args_is_help=True)
Version = Annotated[str, typer.Argument(help="A bundle's version.")]


@models_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show every bundle and which one is in use."""

    async def ask() -> list[dict[str, Any]]:
        async with installation() as stores:
            return [
                {
                    "version": model.version,
                    "state": model.state,
                    "dataset": model.dataset,
                    "parent": model.parent,
                    "made_at": model.made_at.isoformat(timespec="seconds"),
                    "promoted_at": model.promoted_at and model.promoted_at.isoformat(timespec="seconds"),
                    "scores": model.manifest.get("scores"),
                }
                for model in await learning.models(stores)
            ]

    found = run(ask(), as_json=as_json)

    def text() -> None:
        if not found:
            out.print("Only the built-in models; `earmark learn` makes others from reviewed labels.")
            return
        table = Table("version", "state", "dataset", "made", "learned from")
        for model in found:
            table.add_row(*(str(model[key] or "–") for key in ("version", "state", "dataset", "made_at", "parent")))
        out.print(table)

    emit(found, as_json=as_json, text=text)


@models_app.command("show")
def show(version: Version, as_json: AsJson = False) -> None:
    """Print a bundle's model card: data, cost, scores, slices, limits, lineage and hashes."""

    async def ask() -> learning.Card:
        async with installation() as stores:
            model = await learning.model(stores, version)
            return learning.card(model, signed=await learning.sound(stores, version))

    card = run(ask(), as_json=as_json)
    emit(card.to_json(), as_json=as_json, text=lambda: print(learning.markdown(card), end=""))


@models_app.command("card")
def card(version: Version, as_json: AsJson = False) -> None:
    """The same as `show`: a bundle's model card, as Markdown."""
    show(version, as_json)


@models_app.command("promote")
def promote(
    version: Annotated[str, typer.Argument(help="A bundle's version, or `builtin`.")],
    staged: Annotated[
        bool | None,
        typer.Option(
            "--staged/--at-once",
            help="To 5, 25, then all devices, or to all at once; as EARMARK_ROLLOUT says if left out.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a bundle into use: running assistants and devices pick it up, in stages where there are many devices."""

    async def ask() -> str:
        async with installation() as stores:
            return await learning.put_into_use(stores, version, "engineer", staged=staged)

    if run(ask(), as_json=as_json) == "promoted":
        emit({"promoted": version}, as_json=as_json, text=lambda: out.print(f"{version} is in use now."))
        return
    said = f"{version} goes to 5 % of the devices first; `earmark models rollout` shows how it does."
    emit({"rolling": version, "share": 5}, as_json=as_json, text=lambda: out.print(said))


@models_app.command("rollout")
def rollout(as_json: AsJson = False) -> None:
    """Show how far a bundle has come to the devices, what they live through, and every step with its reason."""

    async def ask() -> tuple[Rollout, list[learning.Step]] | None:
        async with installation() as stores:
            found = await learning.rollout(stores)
            return None if found is None else (found, await learning.steps(stores, found))

    found = run(ask(), as_json=as_json)
    if found is None:
        emit(None, as_json=as_json, text=lambda: out.print("Nothing went out in stages yet."))
        return
    emit(_rollout(*found), as_json=as_json, text=lambda: _tell(*found))


def _rollout(found: Rollout, steps: list[learning.Step]) -> dict[str, Any]:
    return {
        "version": found.version,
        "base": found.base,
        "share": found.stage,
        "began_at": found.began_at.isoformat(timespec="seconds"),
        "outcome": found.outcome,
        "steps": [
            {
                "at": step.at.isoformat(timespec="seconds"),
                "what": step.what,
                "share": step.stage,
                "by": step.by,
                "why": step.why,
                "numbers": list(step.numbers),
            }
            for step in steps
        ],
        "now": found.look if found.going_on else None,
    }


def _tell(found: Rollout, steps: list[learning.Step]) -> None:
    share = f"at {found.stage} % of the devices" if found.going_on else str(found.outcome)
    out.print(f"{found.version}, instead of {found.base}: {share}.")
    for step in steps:
        out.print(f"{step.at:%Y-%m-%d %H:%M}  {step.what}, {step.stage} %, by {step.by}. {step.why}", soft_wrap=True)
    if found.going_on:
        now = found.look["why"] if found.look else "The worker has not looked yet; it does so each minute."
        out.print(f"Now: {now}", soft_wrap=True)


@models_app.command("continue")
def continue_(as_json: AsJson = False) -> None:
    """Take a roll-out's next step now, whatever its numbers say."""

    async def ask() -> Rollout:
        async with installation() as stores:
            return await learning.go_on(stores, "engineer")

    found = run(ask(), as_json=as_json)
    said = "is in use now" if found.outcome == "promoted" else f"goes to {found.stage} % of the devices"
    emit(
        {"version": found.version, "share": found.stage, "outcome": found.outcome},
        as_json=as_json,
        text=lambda: out.print(f"{found.version} {said}."),
    )


@models_app.command("rollback")
def rollback(as_json: AsJson = False) -> None:
    """Take back the bundle that goes out in stages; where none does, go back to the one that was in use before."""

    async def ask() -> str:
        async with installation() as stores:
            return await learning.rollback(stores)

    version = run(ask(), as_json=as_json)
    emit({"promoted": version}, as_json=as_json, text=lambda: out.print(f"{version} is in use again."))


@models_app.command("devices")
def devices(as_json: AsJson = False) -> None:
    """Count devices by the bundle they run."""

    async def ask() -> dict[str, int]:
        async with installation() as stores:
            return await vault.bundles_of_devices(stores)

    found = run(ask(), as_json=as_json)

    def text() -> None:
        for version, count in sorted(found.items()):
            out.print(f"{count} × {version}")

    emit(found, as_json=as_json, text=text)


@models_app.command("prove")
def prove(version: Annotated[str, typer.Argument(help="A bundle's version.")], as_json: AsJson = False) -> None:
    """Check that a bundle rests on nothing that was deleted: against its datasets, and what it stands in for."""

    async def ask() -> learning.Proof:
        async with installation() as stores:
            return await learning.prove(stores, version)

    proof = run(ask(), as_json=as_json)

    def text() -> None:
        for one in proof.datasets:
            said = "its lines have its name" if one.as_named else "its lines do not have its name"
            out.print(f"Dataset {one.version}: {one.lines} labels, {one.erased} of them deleted; {said}.")
        for one in proof.replaces:
            out.print(
                f"Instead of {one.retired}, {'retired and gone' if one.gone else 'which is still there'}: "
                f"{one.erased} deleted labels, {one.among_lines} of them in this one's datasets."
            )
        if proof.corpus is not None:
            out.print(f"Folder {proof.corpus}: nothing of the household's.")
        out.print("It holds." if proof.holds else "It does not hold.")

    emit(proof.to_json(), as_json=as_json, text=text)
    if not proof.holds:
        raise typer.Exit(1)
