"""Who starts when."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_exec.model.job import Resources
from jupyter_exec.services.admission import Admission


class Runs:
    """Runs that enter an admission and stay until they are told to leave."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.inside: list[str] = []
        self.leave: dict[str, asyncio.Event] = {}
        self.gpus: dict[str, tuple[int, ...]] = {}

    async def enter(self, name: str, sequence: int, need: Resources) -> asyncio.Task[None]:
        self.leave[name] = asyncio.Event()

        async def stay() -> None:
            async with self.admission.slot(name, name, sequence, need) as gpus:
                self.inside.append(name)
                self.gpus[name] = gpus
                await self.leave[name].wait()
            self.inside.remove(name)

        task = asyncio.create_task(stay())
        await settle()
        return task


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_first_in_first_out_with_position():
    runs = Runs(Admission(Resources(cpus=1)))
    for number, name in enumerate("abc"):
        await runs.enter(name, number, Resources(1))
    assert runs.inside == ["a"]
    assert [runs.admission.position(name) for name in "abc"] == [None, 1, 2]
    runs.leave["a"].set()
    await settle()
    assert runs.inside == ["b"]


async def test_a_small_run_fills_a_gap_until_patience_ends():
    admission = Admission(Resources(cpus=2), patience_s=1000)
    runs = Runs(admission)
    await runs.enter("one", 0, Resources(1))
    await runs.enter("big", 1, Resources(2))
    await runs.enter("small", 2, Resources(1))
    assert runs.inside == ["one", "small"]
    assert admission.overview()["queue"][0]["reason"] == "waits for cpus"

    admission = Admission(Resources(cpus=2), patience_s=-1)
    runs = Runs(admission)
    await runs.enter("one", 0, Resources(1))
    await runs.enter("big", 1, Resources(2))
    await runs.enter("small", 2, Resources(1))
    assert runs.inside == ["one"]


async def test_gpus_are_handed_out_one_by_one_and_come_back():
    runs = Runs(Admission(Resources(cpus=8, gpus=2)))
    await runs.enter("a", 0, Resources(1, gpus=1))
    await runs.enter("b", 1, Resources(1, gpus=1))
    await runs.enter("c", 2, Resources(1, gpus=2))
    assert {runs.gpus["a"], runs.gpus["b"]} == {(0,), (1,)}
    runs.leave["a"].set()
    runs.leave["b"].set()
    await settle()
    assert runs.gpus["c"] == (0, 1)


async def test_gpus_of_a_run_found_again_are_nobody_elses():
    runs = Runs(Admission(Resources(cpus=8, gpus=2)))
    async with runs.admission.slot("old", "old", 0, Resources(1, gpus=1), holds=[1]) as gpus:
        assert gpus == (1,)
        await runs.enter("new", 1, Resources(1, gpus=1))
        assert runs.gpus["new"] == (0,)


async def test_leaving_the_queue_lets_the_next_one_in():
    runs = Runs(Admission(Resources(cpus=1)))
    await runs.enter("a", 0, Resources(1))
    waiting = await runs.enter("b", 1, Resources(1))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert runs.admission.position("b") is None
    await runs.enter("c", 2, Resources(1))
    assert runs.admission.position("c") == 1


async def test_many_may_leave_at_once():
    runs = Runs(Admission(Resources(cpus=1)))
    going = await runs.enter("a", 0, Resources(1))
    waiting = [await runs.enter(name, 1, Resources(1)) for name in "bcd"]
    for task in [going, *waiting]:
        task.cancel()
    ends = await asyncio.gather(going, *waiting, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)
    assert runs.admission.used().cpus == 0
    await runs.enter("e", 2, Resources(1))
    assert runs.inside[-1] == "e"


def test_a_need_that_can_never_be_met_is_told():
    gib = 2**30
    admission = Admission(Resources(cpus=2, memory_bytes=gib, gpus=0))
    assert "3 cpus" in str(admission.exceeds(Resources(3)))
    assert "1 gpus" in str(admission.exceeds(Resources(1, gpus=1)))
    assert "2.0 GiB" in str(admission.exceeds(Resources(1, memory_bytes=2 * gib)))
    assert admission.exceeds(Resources(2, memory_bytes=gib)) is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=20))
def test_never_more_than_there_is_and_everybody_gets_in(needs: list[int]):
    async def play() -> None:
        admission = Admission(Resources(cpus=4))
        done: list[int] = []

        async def run(number: int, cpus: int) -> None:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(
                    admission.slot(str(number), "", number, Resources(cpus))
                )
                assert admission.used().cpus <= 4
                await asyncio.sleep(0)
            done.append(number)

        await asyncio.wait_for(
            asyncio.gather(*(run(number, cpus) for number, cpus in enumerate(needs))), 10
        )
        assert sorted(done) == list(range(len(needs)))
        assert admission.used().cpus == 0

    asyncio.run(play())
