"""Running the micro-benchmarks: in every round each program in turn."""

from harness.programs import collect, log
from harness.rows import OURS


def measure(micro, programs, samples, quick):
    commands = {column: programs.micro(column, name) for column, name in micro.programs.items()}
    commands = {column: command for column, command in commands.items() if command}
    rounds = 1 if quick else micro.rounds
    for number in range(rounds):
        for column, command in commands.items():
            # Python is far from every bar: one round of it tells enough.
            if number and column in ("uvloop", "asyncio"):
                continue
            printed = collect(command, core=1 if micro.one_core else None)
            for name, key in micro.rows.items():
                if name not in printed:
                    continue
                samples.add(key, column, number, printed[name])
                if key in micro.also and column != OURS:
                    samples.add(micro.also[key], column, number, printed[name])
        log(f"  {micro.name}: round {number + 1} of {rounds}")
