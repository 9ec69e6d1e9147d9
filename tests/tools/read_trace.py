#!/usr/bin/env python3
"""Reads a Perfetto trace without Perfetto, checks what every trace must fulfil, and prints it as JSON.

    read_trace.py FILE

{"threads": {name: {"process": pid, "slices": {name: count}, "instants": {name: count}}},
 "arrows": [[[thread, slice], ...], ...],  (for each number, in the order of time)
 "places": ["file:line", ...]}
"""

import collections
import json
import sys


def fields(data):
    """(number, value) of a protobuf message; values are integers or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 1:
            value = int.from_bytes(data[at : at + 8], "little")
            at += 8
        elif kind == 2:
            size = varint()
            assert at + size <= len(data), "a field goes beyond the end of its message"
            value = data[at : at + size]
            at += size
        else:
            raise AssertionError(f"wire type {kind}")
        yield key >> 3, value


def message(data):
    """{number: [values]}"""
    found = collections.defaultdict(list)
    for number, value in fields(data):
        found[number].append(value)
    return found


def text(values):
    return values[0].decode() if values else ""


def read(path):
    names, places, processes, threads = {}, {}, {}, {}
    events = []
    with open(path, "rb") as file:
        packets = [value for number, value in fields(file.read()) if number == 1]
    for packet in map(message, packets):
        assert packet[10] == [1], "all packets are of the only sequence"
        for descriptor in map(message, packet[60]):
            if descriptor[3]:
                processes[descriptor[1][0]] = message(descriptor[3][0])[1][0]
            else:
                thread = message(descriptor[4][0])
                assert processes[descriptor[5][0]] == thread[1][0], "a thread under its process"
                threads[descriptor[1][0]] = (text(thread[5]), thread[1][0], thread[2][0])
        for interned in map(message, packet[12]):
            for entry in map(message, interned[2]):
                names[entry[1][0]] = text(entry[2])
            for entry in map(message, interned[4]):
                places[entry[1][0]] = f"{text(entry[2])}:{entry[4][0]}"
        for event in map(message, packet[11]):
            assert packet[13], "the sequence's flags"
            events.append((packet[8][0], len(events), event))
    events.sort(key=lambda event: event[:2])
    return names, places, threads, events


def main():
    names, places, threads, events = read(sys.argv[1])
    shown = {}
    for name, process, _ in threads.values():
        shown[name] = {"process": process, "slices": collections.Counter(), "instants": collections.Counter()}
    opened = collections.defaultdict(list)
    arrows = collections.defaultdict(list)
    for _, _, event in events:
        track = event[11][0]
        thread = threads[track][0]
        kind = event[9][0]
        name = names[event[10][0]] if event[10] else ""
        if event[34]:
            assert event[34][0] in places, "a place that is not described"
        if kind == 1:
            opened[track].append(name)
            shown[thread]["slices"][name] += 1
        elif kind == 2:
            assert opened[track], f"an end without a beginning on {thread}"
            opened[track].pop()
        elif kind == 3:
            shown[thread]["instants"][name] += 1
        for number in event[47]:
            arrows[number].append([thread, name])
    assert not any(opened.values()), "a slice without an end"
    found = {"threads": shown, "arrows": list(arrows.values()), "places": sorted(places.values())}
    json.dump(found, sys.stdout)


main()
