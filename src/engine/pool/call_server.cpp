#include "engine/pool/call_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/format_seconds.hpp"
#include "engine/inode_of.hpp"
#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

using Clock = std::chrono::steady_clock;

// For what the owner has sent until it sees the end of the stream.
constexpr std::chrono::milliseconds time_to_read{500};

} // namespace

int CallServer::run() {
    inode_ = inode_of(socket_.fileno());
    if (!greet()) {
        return EXIT_FAILURE;
    }
    std::thread receiving([this] { receive_all(); });
    while (auto work = next_work()) {
        if (work->kind == FrameKind::module) {
            handler_.add_module(work->body());
        } else {
            make_call(*work);
        }
    }
    ::shutdown(socket_.fileno(), SHUT_RD); // ends receive_all
    receiving.join();
    return EXIT_SUCCESS;
}

bool CallServer::greet() {
    const std::string own = options_.hello.encode();
    send(FrameKind::hello, 0, {own});
    const std::string why = wait_for_hello();
    if (!why.empty()) {
        std::fprintf(stderr, "hocket: a worker cannot work for its owner, which %s\n", why.c_str());
        const std::string text = "the owner " + why;
        send(FrameKind::refusal, 0, {text});
    }
    return why.empty();
}

// Returns what is wrong.
std::string CallServer::wait_for_hello() {
    const auto limit = std::chrono::nanoseconds(options_.hello_timeout);
    const auto deadline = Clock::now() + limit;
    for (;;) {
        if (auto frame = reader_.next()) {
            const auto body = frame->body();
            if (frame->kind == FrameKind::refusal) {
                return "refuses: " + std::string(body.begin(), body.end());
            }
            const auto hello = Hello::decode(body);
            return hello ? why_refused(options_.hello, *hello) : "sent a hello without content";
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd readable{socket_.fileno(), POLLIN, 0};
        if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) == 0) {
            return "did not say hello within " + format_seconds(limit);
        }
        if (!receive_some()) {
            return reader_.error().empty() ? "has ended" : reader_.error();
        }
    }
}

// Returns false at the end of the stream, and if the owner breaks the protocol.
bool CallServer::receive_some() {
    const std::span<char> space = reader_.space();
    ssize_t count = 0;
    do {
        count = ::recv(socket_.fileno(), space.data(), space.size(), 0);
    } while (count < 0 && errno == EINTR);
    return count > 0 && reader_.filled(static_cast<std::size_t>(count));
}

void CallServer::receive_all() noexcept {
    for (;;) {
        while (auto frame = reader_.next()) {
            take_frame(*std::move(frame));
        }
        if (!receive_some()) {
            const std::scoped_lock lock(mutex_);
            if (is_stopping_ && running_ == 0 && waiting_.empty()) {
                return; // `run` has shut it down, or the owner has ended after its last frame
            }
            end_process(reader_.error());
        }
    }
}

void CallServer::take_frame(Frame frame) {
    switch (frame.kind) {
    case FrameKind::call:
    case FrameKind::module: {
        const std::scoped_lock lock(mutex_);
        waiting_.push_back(std::move(frame));
        changed_.notify_one();
        break;
    }
    case FrameKind::cancel: withdraw(frame.call, true); break;
    case FrameKind::give_back: withdraw(frame.call, false); break;
    case FrameKind::stop: {
        const std::scoped_lock lock(mutex_);
        is_stopping_ = true;
        changed_.notify_one();
        break;
    }
    case FrameKind::ping: send(FrameKind::pong, 0); break;
    case FrameKind::refusal: {
        const auto body = frame.body();
        end_process("refuses: " + std::string(body.begin(), body.end()));
    }
    default: break;
    }
}

void CallServer::withdraw(std::uint64_t call, bool even_if_running) {
    {
        const std::scoped_lock lock(mutex_);
        if (call != 0 && call == running_ && even_if_running) {
            end_while_running();
        }
        const auto found = std::ranges::find_if(waiting_, [&](const Frame& frame) {
            return frame.kind == FrameKind::call && frame.call == call;
        });
        if (found == waiting_.end()) {
            return; // it runs, or is done
        }
        waiting_.erase(found);
    }
    send(FrameKind::returned, call);
}

// Returns nothing once the worker has been stopped.
std::optional<Frame> CallServer::next_work() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty() || is_stopping_; });
    if (waiting_.empty()) {
        return std::nullopt;
    }
    std::optional<Frame> work(std::move(waiting_.front()));
    waiting_.pop_front();
    running_ = work->kind == FrameKind::call ? work->call : 0;
    return work;
}

void CallServer::make_call(const Frame& frame) {
    const auto began = Clock::now();
    CallHandler::Answer answer =
        handler_.call(CallPrefix::decode(frame.body()), frame.body().subspan(CallPrefix::size));
    const auto time = std::chrono::nanoseconds(Clock::now() - began).count();
    if (answer.size() > options_.longest_body - AnswerPrefix::size) {
        answer = handler_.fail("the result of the call has " + std::to_string(answer.size()) +
                               " bytes; a worker behind a stream returns at most " +
                               std::to_string(options_.longest_body - AnswerPrefix::size));
    }
    {
        const std::scoped_lock lock(mutex_);
        running_ = 0; // it cannot be cancelled any more
    }
    require_socket();
    const auto prefix = AnswerPrefix::encode(static_cast<std::uint64_t>(time));
    send(answer.is_error ? FrameKind::error : FrameKind::result, frame.call,
         {prefix, answer.body[0], answer.body[1]});
}

void CallServer::require_socket() noexcept {
    if (inode_of(socket_.fileno()) != inode_) {
        std::fputs("a call closed the descriptors of its worker process\n", stderr);
        std::fflush(stderr);
        handler_.before_exit();
        ::_exit(EXIT_FAILURE);
    }
}

void CallServer::send(FrameKind kind, std::uint64_t call,
                      std::array<std::span<const char>, 3> body) noexcept {
    const auto header =
        FrameHeader{kind, call, body[0].size() + body[1].size() + body[2].size()}.encode();
    std::array<iovec, 4> pieces{{{const_cast<char*>(header.data()), header.size()}}};
    std::ranges::transform(body, pieces.begin() + 1, [](std::span<const char> piece) {
        return iovec{const_cast<char*>(piece.data()), piece.size()};
    });
    iovec* first = pieces.data();
    std::size_t left = pieces.size();
    const std::scoped_lock lock(sending_);
    while (left > 0) {
        msghdr message{};
        message.msg_iov = first;
        message.msg_iovlen = left;
        const ssize_t sent = ::sendmsg(socket_.fileno(), &message, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return; // the receiving thread sees the end
        }
        for (auto rest = static_cast<std::size_t>(std::max<ssize_t>(sent, 0)); left > 0;) {
            const std::size_t part = std::min(rest, first->iov_len);
            first->iov_base = static_cast<char*>(first->iov_base) + part;
            first->iov_len -= part;
            rest -= part;
            if (first->iov_len > 0) {
                break;
            }
            ++first;
            --left;
        }
    }
}

// With mutex_ held, so that the call cannot be answered any more.
void CallServer::end_while_running() noexcept {
    ::shutdown(socket_.fileno(), SHUT_WR);
    const auto deadline = Clock::now() + time_to_read;
    std::array<char, 4096> unread;
    ssize_t count = 1;
    while (count > 0 || (count < 0 && errno == EINTR)) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd readable{socket_.fileno(), POLLIN, 0};
        if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) == 0) {
            break;
        }
        count = ::recv(socket_.fileno(), unread.data(), unread.size(), MSG_DONTWAIT);
    }
    end_process({});
}

void CallServer::end_process(std::string_view why) noexcept {
    if (!why.empty()) {
        std::fprintf(stderr, "hocket: a worker ends, because its owner %.*s\n",
                     static_cast<int>(why.size()), why.data());
        std::fflush(stderr);
    }
    handler_.before_exit();
    ::_exit(EXIT_FAILURE);
}

} // namespace hocket::engine
