"""How transports receive: protocols, buffered protocols, pausing."""

import unittest

from transport_programs import Buffered, pair, raising, Recorder, same_on_both, turns


class Reading(unittest.TestCase):
    maxDiff = None

    @same_on_both
    async def test_a_protocol_that_is_replaced_in_data_received(self, log):
        def replace(protocol):
            second = kind(log, connection_lost=lambda p: log("second's"))
            second.transport = protocol.transport
            protocol.transport.set_protocol(second)
            second.lost = protocol.lost

        for kind in (Recorder, Buffered):
            protocol, peer = await pair(log, data_received=replace)
            peer.sendall(b"first")
            await turns()
            peer.sendall(b"second")
            await turns()
            peer.close()
            await protocol.lost

    @same_on_both
    async def test_buffered_protocols(self, log):
        protocol, peer = await pair(log, kind=Buffered)
        peer.sendall(b"x" * 250)
        await turns(10)
        peer.close()
        await protocol.lost

    @same_on_both
    async def test_buffers_that_are_wrong(self, log):
        buffers = (b"", bytearray(), b"readonly", memoryview(b"readonly"), None, 5, "text")
        for buffer in buffers:
            protocol, peer = await pair(log, kind=Buffered, buffer=lambda p: buffer)
            peer.sendall(b"x")
            await protocol.lost
            peer.close()
        for reaction in (raising(RuntimeError("wrong")), lambda p: p.transport.abort() or p.room):
            protocol, peer = await pair(log, kind=Buffered, buffer=reaction)
            peer.sendall(b"x")
            await protocol.lost
            peer.close()
        protocol, peer = await pair(log, kind=Buffered, buffer_updated=raising(KeyError("wrong")))
        peer.sendall(b"x")
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_a_buffer_of_one_byte(self, log):
        protocol, peer = await pair(log, kind=Buffered, buffer=lambda p: memoryview(p.room)[:1])
        peer.sendall(b"abc")
        await turns(10)
        peer.close()
        await protocol.lost

    @same_on_both
    async def test_pausing_before_data_arrives(self, log):
        protocol, peer = await pair(log, connection_made=lambda p: p.transport.pause_reading())
        peer.sendall(b"x")
        await turns()
        log("paused", protocol.transport.is_reading())
        protocol.transport.pause_reading()
        protocol.transport.resume_reading()
        protocol.transport.resume_reading()
        await turns()
        peer.close()
        await protocol.lost


if __name__ == "__main__":
    unittest.main()
