"""Prints a trace of what Python 3.13's asyncio does in each case of tests/tasks/test_task_group.cpp, test_timeout.cpp,
test_wait_for.cpp, test_shield.cpp, test_gather.cpp and test_wait.cpp. Run: python3.13 structured_concurrency.py
"""
import asyncio
import sys
from asyncio import CancelledError, TaskGroup, create_task, current_task, sleep, timeout

cases = []
trace = []


def case(function):
    cases.append(function)
    return function


def note(text):
    trace.append(str(text))


async def forever():
    await asyncio.get_running_loop().create_future()


async def turns(count):
    for _ in range(count):
        await sleep(0)


async def noted(name, error=None):
    """Waits forever and notes its cancellation. If `error` is given, then raises it."""
    try:
        await forever()
    except CancelledError:
        note(f"{name} cancelled")
        await turns(2)
        if error is not None:
            raise error
        note(f"{name} ended")
        raise


async def fail(name, after=0):
    await turns(after)
    note(f"{name} fails")
    raise ValueError(name)


def describe(error):
    if isinstance(error, BaseExceptionGroup):
        return "group[" + " ".join(describe(e) for e in error.exceptions) + "]"
    if isinstance(error, ValueError):
        return f"ValueError({error})"
    return type(error).__name__


async def attempt(awaitable):
    """Notes the outcome of `awaitable`, and the number of cancellation requests of the task afterwards."""
    try:
        value = await awaitable
        note(f"value {value}")
    except BaseException as error:
        note(describe(error))
    note(f"cancelling {current_task().cancelling()}")


# --- TaskGroup ----------------------------------------------------------------------------------

async def group(body):
    async with TaskGroup() as g:
        return await body(g)


@case
async def task_group_first_failure_cancels_siblings_and_body():
    async def body(g):
        g.create_task(noted("A"))
        g.create_task(fail("B", 1))
        await noted("body")
    await attempt(group(body))
    await sleep(0)
    note("still runs")


@case
async def task_group_cancelled_in_body():
    async def body(g):
        g.create_task(noted("A"))
        await noted("body")
    task = create_task(attempt(group(body)))
    await turns(3)
    task.cancel()
    await task


@case
async def task_group_cancelled_while_it_waits():
    async def body(g):
        g.create_task(noted("A"))
        return 1
    task = create_task(attempt(group(body)))
    await turns(3)
    task.cancel()
    await task


@case
async def task_group_child_cancels_itself():
    async def child():
        current_task().cancel()
        await sleep(0)

    async def body(g):
        g.create_task(child())
        b = g.create_task(forever())
        c = g.create_task(turns(5))
        await turns(2)
        b.cancel()
        await turns(2)
        note(f"open {not c.done()}")
        return 1
    await attempt(group(body))


@case
async def task_group_body_fails():
    async def body(g):
        g.create_task(noted("A"))
        await turns(2)
        raise ValueError("body")
    await attempt(group(body))


@case
async def task_group_body_fails_and_child_answers():
    async def body(g):
        g.create_task(noted("A", ValueError("A")))
        await turns(2)
        raise ValueError("body")
    await attempt(group(body))


@case
async def task_group_cancelled_and_child_answers():
    async def body(g):
        g.create_task(noted("A", ValueError("A")))
        await forever()

    async def main():
        await attempt(group(body))
        try:
            await sleep(0)
            note("went on")
        except CancelledError:
            note("cancelled later")
    task = create_task(main())
    await turns(3)
    task.cancel()
    await asyncio.wait([task])


@case
async def task_group_nested_inner_failure():
    async def inner(g):
        g.create_task(noted("C"))
        g.create_task(fail("D", 1))

    async def outer(g):
        g.create_task(noted("A"))
        g.create_task(group(inner))
        await noted("body")
    await attempt(group(outer))


@case
async def task_group_nested_outer_failure():
    async def inner(g):
        g.create_task(noted("C"))
        await noted("inner body")

    async def outer(g):
        g.create_task(fail("A", 3))
        await group(inner)
    await attempt(group(outer))


@case
async def task_group_refuses_tasks_while_shutting_down():
    async def body(g):
        g.create_task(fail("A"))
        try:
            await forever()
        except CancelledError:
            coroutine = turns(0)
            try:
                g.create_task(coroutine)
            except RuntimeError:
                note("refused")
                coroutine.close()
            raise
    await attempt(group(body))


@case
async def task_group_takes_tasks_in_the_turn_of_a_failure():
    async def late(g):
        await sleep(0)
        g.create_task(noted("C"))
        note("created")

    async def body(g):
        g.create_task(fail("A", 1))
        g.create_task(late(g))
        await forever()
    await attempt(group(body))


@case
async def task_group_body_swallows_the_cancellation():
    async def body(g):
        g.create_task(fail("A"))
        try:
            await forever()
        except CancelledError:
            note("swallowed")
        return 1
    await attempt(group(body))


async def failure_and_cancel(cancel_first):
    async def body(g):
        g.create_task(noted("A"))
        event = asyncio.Event()

        async def failing():
            await event.wait()
            raise ValueError("B")
        g.create_task(failing())
        events.append(event)
        await forever()
    events = []
    task = create_task(attempt(group(body)))
    await turns(3)
    if cancel_first:
        task.cancel()
        events[0].set()
    else:
        events[0].set()
        await sleep(0)
        task.cancel()
    await asyncio.wait([task])


@case
async def task_group_child_fails_then_cancelled():
    await failure_and_cancel(False)


@case
async def task_group_cancelled_then_child_fails():
    await failure_and_cancel(True)


@case
async def task_group_cancelled_again_while_children_clean_up():
    async def body(g):
        g.create_task(noted("A"))
        await forever()
    task = create_task(attempt(group(body)))
    await turns(3)
    task.cancel()
    await turns(2)
    task.cancel()
    await task


@case
async def task_group_keyboard_interrupt_in_body():
    async def body(g):
        g.create_task(noted("A", ValueError("A")))
        await turns(2)
        raise KeyboardInterrupt
    await attempt(group(body))


@case
async def task_group_cancelled_before_it_is_entered():
    async def body(g):
        g.create_task(noted("A"))
        note("body")
        await sleep(0)
        note("never")

    async def main():
        current_task().cancel()
        await attempt(group(body))
    await create_task(main())


# --- timeout ------------------------------------------------------------------------------------

async def limited(delay, body):
    async with timeout(delay) as t:
        return await body(t)


@case
async def timeout_expires():
    async def body(t):
        await noted("body")
    await attempt(limited(0.001, body))


@case
async def timeout_swallowed_by_the_body():
    async def body(t):
        try:
            await forever()
        except CancelledError:
            note(f"expired {t.expired()}")
        return 1
    await attempt(limited(0.001, body))


@case
async def timeout_answered_with_an_exception():
    async def body(t):
        await noted("body", ValueError("body"))
    await attempt(limited(0.001, body))


@case
async def timeout_nested_inner_expires():
    async def inner(t):
        await forever()

    async def outer(t):
        await attempt(limited(0.001, inner))
        return 1
    await attempt(limited(10, outer))


@case
async def timeout_nested_outer_expires():
    async def inner(t):
        await forever()

    async def outer(t):
        await attempt(limited(10, inner))
        await sleep(0)
        return 1
    await attempt(limited(0.001, outer))


async def nested_reraise(inner_delay, outer_delay):
    async def inner(t):
        await noted("body")

    async def outer(t):
        try:
            await limited(inner_delay, inner)
        except BaseException as error:
            note("inner " + describe(error))
            raise
    await attempt(limited(outer_delay, outer))


@case
async def timeout_nested_outer_expires_through_inner():
    await nested_reraise(10, 0.001)


@case
async def timeout_nested_both_expire():
    await nested_reraise(-1, -1)


async def timeout_and_cancel(cancel_first):
    loop = asyncio.get_running_loop()

    async def body(t):
        await sleep(0)
        task = current_task()
        if cancel_first:
            loop.call_soon(task.cancel)
        t.reschedule(loop.time())
        if not cancel_first:
            loop.call_soon(task.cancel)
        await forever()

    async def main():
        await attempt(limited(10, body))
    await create_task(main())


@case
async def timeout_then_cancel_in_the_same_turn():
    await timeout_and_cancel(False)


@case
async def cancel_then_timeout_in_the_same_turn():
    await timeout_and_cancel(True)


@case
async def timeout_that_is_over_at_once():
    async def ready(t):
        return 1

    async def yielding(t):
        await sleep(0)
        return 1

    async def two_turns(t):
        await turns(2)
        return 1
    await attempt(limited(-1, ready))
    await attempt(limited(-1, yielding))
    await attempt(limited(-1, two_turns))


@case
async def timeout_rescheduled():
    async def body(t):
        t.reschedule(None)
        note(f"when {t.when()}")
        await sleep(0.002)
        t.reschedule(asyncio.get_running_loop().time() + 0.001)
        try:
            await forever()
        except CancelledError:
            try:
                t.reschedule(None)
            except RuntimeError:
                note("refused")
            raise
    await attempt(limited(0.001, body))


@case
async def timeout_with_completion_in_the_same_turn():
    loop = asyncio.get_running_loop()

    async def body(t):
        event = asyncio.Event()
        loop.call_soon(event.set)
        t.reschedule(loop.time())
        await event.wait()
        return 1
    await attempt(limited(10, body))


# --- wait_for -----------------------------------------------------------------------------------

@case
async def wait_for_times_out():
    await attempt(asyncio.wait_for(noted("A"), 0.001))


@case
async def wait_for_answered_with_a_value():
    async def stubborn():
        try:
            await forever()
        except CancelledError:
            return 1
    await attempt(asyncio.wait_for(stubborn(), 0.001))


@case
async def wait_for_answered_with_an_exception():
    await attempt(asyncio.wait_for(noted("A", ValueError("A")), 0.001))


@case
async def wait_for_without_time():
    async def started():
        note("started")
        return 1
    await attempt(asyncio.wait_for(started(), 0))
    done = create_task(started())
    await turns(2)
    await attempt(asyncio.wait_for(done, 0))
    pending = create_task(noted("A"))
    await sleep(0)
    await attempt(asyncio.wait_for(pending, 0))
    note(f"cancelled {pending.cancelled()}")


async def complete_and_cancel(cancel_first, as_task):
    future = asyncio.get_running_loop().create_future()

    async def inner():
        try:
            return await future
        except CancelledError:
            note("inner cancelled")
            raise

    async def main():
        await attempt(asyncio.wait_for(create_task(inner()) if as_task else inner(), 10))
    task = create_task(main())
    await turns(3)
    if cancel_first:
        task.cancel()
        if not future.done():
            future.set_result(1)
    else:
        future.set_result(1)
        task.cancel()
    await asyncio.wait([task])


@case
async def wait_for_completes_then_cancelled():
    await complete_and_cancel(False, False)


@case
async def wait_for_cancelled_then_completes():
    await complete_and_cancel(True, False)


@case
async def wait_for_task_completes_then_cancelled():
    await complete_and_cancel(False, True)


@case
async def wait_for_task_cancelled_then_completes():
    await complete_and_cancel(True, True)


@case
async def wait_for_task_done_then_cancelled():
    async def quick():
        await turns(2)
        return 1
    inner = create_task(quick())

    async def main():
        await attempt(asyncio.wait_for(inner, 10))
    task = create_task(main())
    inner.add_done_callback(lambda _: None)
    while not inner.done():
        await sleep(0)
    note(f"waiter done {task.done()}")
    task.cancel()
    await asyncio.wait([task])


@case
async def wait_for_cancelled_by_hand():
    inner = create_task(noted("A"))

    async def main():
        await attempt(asyncio.wait_for(inner, 10))
    task = create_task(main())
    await turns(2)
    task.cancel()
    await task


@case
async def wait_for_inner_cancelled():
    inner = create_task(forever())

    async def main():
        await attempt(asyncio.wait_for(inner, 10))
    task = create_task(main())
    await turns(2)
    inner.cancel()
    await task


# --- shield -------------------------------------------------------------------------------------

@case
async def shield_outer_cancelled():
    event = asyncio.Event()

    async def work():
        await event.wait()
        note("inner goes on")
        return 1
    inner = create_task(work())

    async def main():
        await attempt(asyncio.shield(inner))
    task = create_task(main())
    await turns(2)
    task.cancel()
    await task
    event.set()
    await attempt(inner)


@case
async def shield_inner_cancelled():
    inner = create_task(noted("inner"))

    async def main():
        await attempt(asyncio.shield(inner))
    task = create_task(main())
    await turns(2)
    inner.cancel()
    await task


@case
async def shield_in_wait_for():
    async def work():
        try:
            await sleep(0.004)
        except CancelledError:
            note("never")
        return 1
    inner = create_task(work())
    await attempt(asyncio.wait_for(asyncio.shield(inner), 0.001))
    await attempt(asyncio.wait_for(asyncio.shield(inner), 0))
    await attempt(inner)


@case
async def shield_completes_then_cancelled():
    async def work():
        await turns(2)
        return 1
    inner = create_task(work())

    async def main():
        await attempt(asyncio.shield(inner))
    task = create_task(main())
    while not inner.done():
        await sleep(0)
    task.cancel()
    await task


# --- gather -------------------------------------------------------------------------------------

@case
async def gather_first_exception_while_others_go_on():
    other = create_task(turns(9))
    await attempt(asyncio.gather(fail("A", 1), other, fail("B", 5)))
    note(f"other done {other.done()}")
    await other
    note("other ended")


async def cancelled_gather(*children, **options):
    async def main():
        await attempt(asyncio.gather(*children, **options))
    task = create_task(main())
    await turns(3)
    task.cancel()
    await task
    await turns(5)


@case
async def gather_cancelled():
    await cancelled_gather(noted("A"), noted("B"))


@case
async def gather_cancelled_and_one_answers():
    await cancelled_gather(noted("A", ValueError("A")), noted("B"))


@case
async def gather_cancelled_and_all_swallow():
    async def stubborn(name):
        try:
            await forever()
        except CancelledError:
            note(f"{name} swallows")
        return 1
    await cancelled_gather(stubborn("A"), stubborn("B"))


@case
async def gather_settled_cancelled():
    await cancelled_gather(noted("A", ValueError("A")), noted("B"), return_exceptions=True)


@case
async def gather_child_cancelled():
    other = create_task(turns(9))
    child = create_task(forever())

    async def main():
        await attempt(asyncio.gather(child, other))
    task = create_task(main())
    await turns(2)
    child.cancel()
    await task
    note(f"other done {other.done()}")
    await other


@case
async def gather_without_time():
    await attempt(asyncio.wait_for(asyncio.gather(noted("A"), noted("B")), 0))
    children = create_task(noted("C"))
    await sleep(0)
    await attempt(asyncio.wait_for(asyncio.gather(children), 0))


# --- wait ---------------------------------------------------------------------------------------

async def waited(tasks, **options):
    done, pending = await asyncio.wait(tasks, **options)
    note(" ".join(("done " if t in done else "pending ") + t.get_name() for t in tasks))


@case
async def wait_cases():
    a = create_task(turns(2), name="A")
    b = create_task(fail("B", 6), name="B")
    c = create_task(forever(), name="C")
    tasks = [a, b, c]
    await waited(tasks, timeout=0)
    await waited(tasks, return_when=asyncio.FIRST_COMPLETED)
    await waited(tasks, return_when=asyncio.FIRST_EXCEPTION)
    c.cancel()
    await waited(tasks)
    d = create_task(forever(), name="D")
    e = create_task(turns(3), name="E")
    await sleep(0)
    d.cancel()
    await waited([d, e], return_when=asyncio.FIRST_EXCEPTION)
    f = create_task(forever(), name="F")
    task = create_task(waited([f]))
    await turns(2)
    task.cancel()
    await asyncio.wait([task])
    note(f"cancelled {task.cancelled()} {f.cancelled()}")
    f.cancel()
    try:
        await asyncio.wait([])
    except ValueError:
        note("ValueError")


for function in cases:
    if len(sys.argv) > 1 and sys.argv[1] not in function.__name__:
        continue
    trace.clear()
    asyncio.run(asyncio.wait_for(function(), 5))
    print(function.__name__ + ":\n    " + ", ".join(trace))
