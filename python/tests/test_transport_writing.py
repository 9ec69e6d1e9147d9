"""How transports send: arguments, limits, order, files."""

import asyncio
import os
import sys
import unittest

from transport_programs import pair, receive_all, same_on_both


class Writing(unittest.TestCase):
    maxDiff = None

    @same_on_both
    async def test_wrong_arguments(self, log):
        protocol, peer = await pair(log)
        transport = protocol.transport
        for wrong in (None, "text", 5, [b"x"], bytearray, object()):
            try:
                transport.write(wrong)
            except TypeError as error:
                log(str(error))
        for limits in (dict(high=1, low=2), dict(low=-1), dict(high=-1)):
            try:
                transport.set_write_buffer_limits(**limits)
            except ValueError as error:
                log(str(error))
        transport.write(b"")
        transport.writelines([])
        transport.write(memoryview(b"abcdef")[::2])  # no bytes to send: asyncio closes
        log(transport.is_closing())
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_write_buffer_limits(self, log):
        protocol, peer = await pair(log)
        transport = protocol.transport
        for limits in ({}, dict(high=100), dict(low=100), dict(high=0), dict(high=7, low=7)):
            transport.set_write_buffer_limits(**limits)
            log(transport.get_write_buffer_limits())
        transport.set_write_buffer_limits(high=0)
        transport.write(bytes(20_000_000))
        size = transport.get_write_buffer_size()
        transport.write(b"12345")
        log(transport.get_write_buffer_size() - size)
        transport.set_write_buffer_limits(high=40_000_000, low=30_000_000)
        transport.write(b"x")
        transport.close()
        log(len(await asyncio.to_thread(receive_all, peer)))
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_what_is_written_may_change_afterwards(self, log):
        protocol, peer = await pair(log)
        buffers = [bytearray(b"a" * 10_000_000) for _ in range(2)]
        protocol.transport.write(b"." * 5_000_000)
        protocol.transport.write(bytes(buffers[0]))
        protocol.transport.write(memoryview(bytes(buffers[1])))
        protocol.transport.close()
        received = await asyncio.to_thread(receive_all, peer)
        log(received == b"." * 5_000_000 + b"a" * 20_000_000)
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_order_of_many_writes(self, log):
        protocol, peer = await pair(log)
        expected = []
        for i in range(5000):
            expected.append(b"%d," % i * (i % 300))
            if i % 3:
                protocol.transport.write(expected[-1])
            else:
                protocol.transport.writelines([expected[-1], b"", b"|"])
                expected.append(b"|")
        protocol.transport.close()
        log(await asyncio.to_thread(receive_all, peer) == b"".join(expected))
        await protocol.lost
        peer.close()

    @same_on_both
    async def test_sendfile(self, log):
        loop = asyncio.get_running_loop()
        with open(os.path.realpath(sys.executable), "rb") as file:
            content = file.read()[:5_000_000]
            protocol, peer = await pair(log)
            protocol.transport.write(b"x" * 1_000_000)
            receiving = asyncio.create_task(asyncio.to_thread(receive_all, peer))
            sending = asyncio.create_task(loop.sendfile(protocol.transport, file, 0, len(content)))
            await asyncio.sleep(0)
            try:
                protocol.transport.write(b"not now")
            except RuntimeError as error:
                log(str(error))
            log(await sending == len(content))
            protocol.transport.close()
            log(await receiving == b"x" * 1_000_000 + content)
            await protocol.lost
            peer.close()


if __name__ == "__main__":
    unittest.main()
