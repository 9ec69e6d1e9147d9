#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/build_id.hpp"
#include "engine/pool/frame_reader.hpp"
#include "engine/pool/hello.hpp"

/// One end of a stream of frames that does what a test tells it, right or wrong.
class FramePeer {
public:
    /// `others` is who sends what this end receives.
    FramePeer(hocket::engine::FileDescriptor socket, hocket::engine::FrameSender others)
        : socket_(std::move(socket)), reader_(others, hocket::engine::default_longest_body) {}

    void send_bytes(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_.fileno(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return; // the other end has closed
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void send(hocket::engine::FrameKind kind, std::uint64_t call = 0, std::string_view body = {}) {
        send_bytes(encode(kind, call, body));
    }
    void send_hello(std::string build = hocket::engine::program_build(), std::string token = {}) {
        send(hocket::engine::FrameKind::hello, 0,
             hocket::engine::Hello{1, std::move(build), std::move(token)}.encode());
    }
    /// `value` is a small number, packed as a worker would.
    void send_result(std::uint64_t call, char value, std::uint64_t nanoseconds = 1000) {
        send_bytes(encode_result(call, value, nanoseconds));
    }

    [[nodiscard]] static std::string encode(hocket::engine::FrameKind kind, std::uint64_t call,
                                            std::string_view body) {
        const auto header = hocket::engine::FrameHeader{kind, call, body.size()}.encode();
        return std::string(header.data(), header.size()).append(body);
    }
    [[nodiscard]] static std::string encode_result(std::uint64_t call, char value,
                                                   std::uint64_t nanoseconds = 1000) {
        const auto prefix = hocket::engine::AnswerPrefix::encode(nanoseconds);
        return encode(hocket::engine::FrameKind::result, call,
                      std::string(prefix.data(), prefix.size()) + value);
    }

    /// The next frame; empty at the end of the stream, or if none comes in time.
    std::optional<hocket::engine::Frame>
    receive(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
        for (;;) {
            if (auto frame = reader_.next()) {
                return frame;
            }
            pollfd readable{socket_.fileno(), POLLIN, 0};
            if (::poll(&readable, 1, static_cast<int>(limit.count())) <= 0) {
                return std::nullopt;
            }
            const auto space = reader_.space();
            const auto count = ::recv(socket_.fileno(), space.data(), space.size(), 0);
            if (count <= 0 || !reader_.filled(static_cast<std::size_t>(count))) {
                is_at_end_ = true;
                return std::nullopt;
            }
        }
    }
    /// The next frame that is not a ping.
    std::optional<hocket::engine::Frame>
    receive_work(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
        auto frame = receive(limit);
        while (frame && frame->kind == hocket::engine::FrameKind::ping) {
            frame = receive(limit);
        }
        return frame;
    }
    /// Whether the other end has closed the stream; waits for it.
    bool is_closed() {
        while (receive()) {
        }
        return is_at_end_;
    }
    void shutdown(int how) { ::shutdown(socket_.fileno(), how); }
    void close() { socket_.close(); }

private:
    hocket::engine::FileDescriptor socket_;
    hocket::engine::FrameReader reader_;
    bool is_at_end_ = false;
};
