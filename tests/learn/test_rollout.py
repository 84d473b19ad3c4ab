"""A candidate goes to the devices in stages, and what they live through takes it on or back."""

from __future__ import annotations

import pytest

from earmark import audit, learn, vault
from earmark.errors import Conflict, NotFound
from earmark.learn import ring
from earmark.learn.making import Made
from earmark.learn.promotion import Verdict
from earmark.learn.rollout import arms_of
from earmark.learn.rollout_rule import FALSE_WAKES, REFUSALS, REQUESTS
from earmark.learn.rollout_steps import place_key, place_of


async def make(stores, name, **about):
    return await learn.register(stores, {"wake/alexa.json": name.encode()}, {"parent": "builtin", **about})


async def state_of(stores, version):
    return (await learn.model(stores, version)).state


async def events(stores):
    await audit.sequence(stores)
    return [entry["event"] for entry in await audit.recent(stores)]


async def watch_until_over(stores, devices, version, *, false, days=30, every=6):
    """Let the fleet live with a candidate and the worker look; returns the stages it was in, and the roll-out."""
    key, seen = place_key(stores.signing_key), []
    for _ in range(days * 24 // every):
        out = await learn.rollout(stores)
        if not out.going_on:
            break
        seen += [out.stage] if out.stage not in seen else []
        out = await learn.rollout(stores)
        share = frozenset(device for device in devices.devices if out.takes(key, device))
        await devices.live(
            every, runs=lambda device, share=share: version if device in share else "builtin", false=false
        )
        await learn.watch(stores)
    return seen, await learn.rollout(stores)


async def test_a_bad_candidate_goes_back_at_the_first_stage_and_a_good_one_comes_to_all(stores, fleet):
    devices = await fleet(40)
    await devices.live(168, wakes=0.2)
    await learn.watch(stores)
    bad = await devices.candidate(lambda number: make(stores, f"bad {number}"), first=3)
    good = await devices.candidate(lambda number: make(stores, f"good {number}"), first=3)
    # Better, not as good: of those that are as good three in a hundred go back by chance.
    rates = {bad.version: 0.7, good.version: 0.05, "builtin": 0.1}

    assert await learn.put_into_use(stores, bad.version, "engineer") == "rolling"
    await learn.watch(stores)
    seen, out = await watch_until_over(stores, devices, bad.version, false=rates.__getitem__)
    assert (seen, out.outcome) == ([5], "rolled-back")
    assert (await learn.promoted(stores)).version == "builtin"
    assert await state_of(stores, bad.version) == "refused"
    began, back = await learn.steps(stores, out)
    assert (began.what, began.by, back.what, back.by, back.stage) == ("began", "engineer", "rolled-back", "policy", 0)
    assert "wakes after which nothing was understood" in back.why
    assert back.numbers[0]["odds"] >= 200
    assert (await events(stores))[0]["what"] == "rollout.rolled-back"

    assert await learn.put_into_use(stores, good.version, "engineer") == "rolling"
    seen, out = await watch_until_over(stores, devices, good.version, false=rates.__getitem__)
    assert (seen, out.outcome, out.stage) == ([5, 25], "promoted", 100)
    assert (await learn.promoted(stores)).version == good.version
    assert [step.what for step in await learn.steps(stores, out)] == ["began", "advanced", "promoted"]
    told = [event for event in await events(stores) if event["what"].startswith("rollout.")]
    assert [event["what"] for event in told[:3]] == ["rollout.promoted", "rollout.advanced", "rollout.began"]
    assert told[1]["share"] == 25
    assert {each["name"] for each in told[1]["numbers"]} == {"false_wakes", "refusals", "requests"}
    assert not [each for device in devices.devices for each in told if str(device) in str(each)]


async def test_a_candidate_that_hears_nobody_goes_back_too(stores, fleet, clock):
    devices = await fleet(40)
    await devices.live(168)
    deaf = await devices.candidate(lambda number: make(stores, f"deaf {number}"), first=2)
    await learn.put_into_use(stores, deaf.version, "engineer", staged=True)
    key = place_key(stores.signing_key)
    whole = devices.devices
    for _ in range(8):
        decision = await learn.watch(stores)
        if decision is None or decision.do == "back":
            break
        out = await learn.rollout(stores)
        devices.devices = [device for device in whole if not out.takes(key, device)]
        await devices.live(6)
    assert (await learn.rollout(stores)).outcome == "rolled-back"
    assert "against the same devices' week before: 0.0% with it" in (await learn.steps(stores, out))[-1].why


async def test_who_comes_first_nobody_can_choose_and_each_stage_holds_the_one_before(stores, fleet):
    devices = (await fleet(60)).devices
    key = place_key(stores.signing_key)
    places = {version: [place_of(key, version, device) for device in devices] for version in ("a", "b")}
    assert all(0 <= place < 1 for place in places["a"])
    assert len({round(place, 6) for place in places["a"]}) == 60
    order = {version: sorted(range(60), key=lambda i, v=version: places[v][i])[:10] for version in places}
    assert order["a"] != order["b"], "another model has other first devices"
    assert places["a"] == [place_of(key, "a", device) for device in devices]
    assert places["a"] != [place_of(b"another key" * 3, "a", device) for device in devices]
    await learn.put_into_use(stores, (await make(stores, "x")).version, "engineer", staged=True)
    await learn.watch(stores)
    first = await learn.rollout(stores)
    mine = {device for device in devices if first.takes(key, device)}
    second = await learn.go_on(stores, "engineer")
    assert mine
    assert mine < {device for device in devices if second.takes(key, device)}


async def test_of_few_devices_one_is_first(stores, fleet):
    devices = (await fleet(3)).devices
    await learn.put_into_use(stores, (await make(stores, "x")).version, "engineer", staged=True)
    await learn.watch(stores)
    out = await learn.rollout(stores)
    share = [device for device in devices if out.takes(place_key(stores.signing_key), device)]
    assert len(share) >= 1
    assert out.stage == 5


async def test_few_devices_and_what_was_tried_before_come_at_once(stores, fleet, role_stores):
    few = await fleet(19)
    first, second = await make(stores, "a"), await make(stores, "b")
    await learn.watch(stores)
    assert await learn.put_into_use(stores, first.version, "engineer") == "promoted"
    await vault.add_device(stores, household_id=(await _household_of(stores)), person_id=few.person, name="One more")
    await learn.watch(stores)
    at_once = await role_stores("earmark_worker", rollout="at-once")
    assert await learn.put_into_use(at_once, second.version, "engineer") == "promoted"
    assert await learn.put_into_use(stores, first.version, "engineer") == "promoted", "it was in use before"
    assert await learn.put_into_use(stores, (await make(stores, "c")).version, "engineer") == "rolling"
    assert await learn.put_into_use(stores, "builtin", "engineer") == "promoted"


async def _household_of(stores):
    async with stores.pool.connection() as connection:
        row = await (await connection.execute("SELECT household_id FROM vault.devices LIMIT 1")).fetchone()
    return row["household_id"]


@pytest.fixture
async def better(teach, household, tone, monkeypatch):
    """Learning finds something better each time, without training anything."""
    await teach(household.ada, audio=tone(0.6), wake={"value": "said"})
    found = iter(range(10))

    def make(attempt, parts):
        verdict = Verdict(promote=True, why="It is better.", numbers=())
        files = {"nlu/model.json": str(next(found)).encode()}
        learned = frozenset(files)
        return Made(
            files=files, changed=frozenset({"nlu"}), learned=learned, notes=[], before=[], after=[], verdict=verdict
        )

    monkeypatch.setattr(ring, "make", make)


async def test_a_person_promotes_or_the_policy_does(stores, role_stores, better):
    report = await learn.learn(stores)
    assert (report.promoted, await state_of(stores, report.candidate)) == (False, "candidate")
    policy = await role_stores("earmark_worker", promote="policy")
    report = await learn.learn(policy)
    assert (report.promoted, await state_of(stores, report.candidate)) == (True, "promoted")
    assert {event.get("by") for event in await events(stores) if event["what"] == "model.promoted"} == {"policy"}


async def test_the_policy_sends_it_out_in_stages_where_there_are_many_and_the_next_one_waits(stores, fleet, better):
    await fleet(20)
    await learn.watch(stores)
    first, second = [await learn.learn(stores, promote=True) for _ in range(2)]
    assert (first.promoted, first.rolling) == (False, True)
    assert (second.promoted, second.rolling) == (False, False)
    out = await learn.rollout(stores)
    assert (out.version, out.by, out.stage) == (first.candidate, "policy", 5)
    assert await state_of(stores, second.candidate) == "candidate"


async def test_a_person_goes_on_and_takes_back(stores, household):
    made = await make(stores, "a")
    for wrong in (learn.go_on(stores, "engineer"), learn.rollback(stores)):
        with pytest.raises(Conflict):
            await wrong
    await learn.put_into_use(stores, made.version, "engineer", staged=True)
    with pytest.raises(Conflict):
        await learn.put_into_use(stores, (await make(stores, "b")).version, "engineer", staged=True)
    assert (await learn.go_on(stores, "engineer")).stage == 25
    assert await learn.rollback(stores) == "builtin"
    assert (await learn.rollout(stores)).outcome == "rolled-back"
    assert await state_of(stores, made.version) == "refused"
    await learn.put_into_use(stores, made.version, "engineer", staged=True)
    assert await state_of(stores, made.version) == "candidate", "somebody tries it once more"
    await learn.go_on(stores, "engineer")
    assert (await learn.go_on(stores, "engineer")).outcome == "promoted"
    assert await state_of(stores, made.version) == "promoted"


@pytest.mark.parametrize("retired", ["candidate", "base"])
async def test_a_deletion_stops_the_roll_out(stores, household, clock, retired):
    base, candidate = await make(stores, "a"), await make(stores, "b")
    await learn.promote(stores, base.version, "engineer")
    await learn.put_into_use(stores, candidate.version, "engineer", staged=True)
    await learn.retire(stores, {"candidate": candidate, "base": base}[retired].version)
    out = await learn.rollout(stores)
    assert (out.going_on, out.outcome) == (False, "stopped")
    assert (await learn.promoted(stores)).version == ("builtin" if retired == "base" else base.version)
    with pytest.raises(Conflict):
        await learn.go_on(stores, "engineer")


async def test_another_bundle_at_once_ends_it(stores, household):
    a, b = await make(stores, "a"), await make(stores, "b")
    await learn.put_into_use(stores, a.version, "engineer", staged=True)
    await learn.promote(stores, b.version, "engineer")
    assert (await learn.rollout(stores)).outcome == "stopped"
    await learn.put_into_use(stores, a.version, "engineer", staged=True)
    await learn.promote(stores, a.version, "engineer")
    out = await learn.rollout(stores)
    assert (out.outcome, out.stage, out.base) == ("promoted", 100, b.version)


async def test_a_damaged_candidate_goes_back(stores, fleet):
    devices = await fleet(40)
    made = await devices.candidate(lambda number: make(stores, f"a {number}"), first=2)
    await learn.put_into_use(stores, made.version, "engineer", staged=True)
    await learn.watch(stores)
    (stores.home.models / made.version / "wake/alexa.json").write_bytes(b"x")
    _, out = await watch_until_over(stores, devices, made.version, false=lambda _: 0.1, every=24)
    assert (out.outcome, (await learn.steps(stores, out))[-1].why) == ("rolled-back", "Its files are damaged.")


async def test_nobody_puts_what_is_not_there_into_use(stores, household):
    with pytest.raises(NotFound):
        await learn.put_into_use(stores, "0" * 16, "engineer", staged=True)
    with pytest.raises(Conflict):
        await learn.put_into_use(stores, "builtin", "engineer", staged=True)


async def test_days_are_counted_by_bundle_and_hold_no_device(stores, fleet, role_stores, clock):
    devices = await fleet(4)
    await devices.live(3, wakes=2, false=lambda _: 0.5)
    await learn.watch(stores)
    desk = await role_stores("earmark_desk")
    (day,) = await learn.live_days(desk)
    assert (day.day, day.bundle, day.devices) == (clock().date(), "builtin", 4)
    assert 0 < day.false_wakes < day.wakes == day.false_wakes + day.understood
    assert await learn.fleet(desk) == {"builtin": 4}
    assert await learn.watch(stores) is None
    assert await learn.live_days(desk) == [day], "counted again, it is the same"


async def test_arms_go_by_what_ran_and_requests_by_what_was_given(stores, fleet):
    devices = await fleet(2)
    made = await make(stores, "a")
    await learn.put_into_use(stores, made.version, "engineer", staged=True)
    await learn.watch(stores)
    out, key = await learn.rollout(stores), place_key(stores.signing_key)
    mine = next(device for device in devices.devices if out.takes(key, device))
    other = next(device for device in devices.devices if device != mine)
    lived = [
        vault.Lived(device_id=mine, bundle="builtin", wakes=5, false_wakes=1, understood=4, refused=0),
        vault.Lived(device_id=mine, bundle=out.version, wakes=10, false_wakes=3, understood=7, refused=2),
        vault.Lived(device_id=other, bundle="builtin", wakes=20, false_wakes=2, understood=18, refused=0),
        vault.Lived(device_id=other, bundle="c" * 16, wakes=50, false_wakes=50, understood=0, refused=0),
    ]
    before = [
        vault.Lived(device_id=mine, bundle="builtin", wakes=80, false_wakes=10, understood=70, refused=0),
        vault.Lived(device_id=other, bundle="c" * 16, wakes=50, false_wakes=50, understood=0, refused=0),
    ]
    arms = arms_of(out, key, lived, before, share=0.5)
    assert [arm.total for arm in arms[FALSE_WAKES.name]] == [(3.0, 10.0), (3.0, 25.0)]
    assert [arm.total for arm in arms[REFUSALS.name]] == [(2.0, 9.0), (0.0, 22.0)]
    assert [arm.total for arm in arms[REQUESTS.name]] == [(11.0, 35.0), (0.0, 0.0)]
    (candidate, base) = arms[FALSE_WAKES.name]
    assert candidate.prone.tolist() == [base.prone[0]]
    assert base.prone[1] == 1.0, "nothing is known of it with the bundle in use"
