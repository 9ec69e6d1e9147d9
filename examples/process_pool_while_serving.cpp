// Work that keeps a processor busy goes to another process, and the server goes on answering. On
// the loop, the same work would stop the server: no client gets an answer until it is done.
//
//     $ process_pool_while_serving
//     on the loop: 1270607 primes; the longest wait for an answer was 73 ms
//     in a worker: 1270607 primes; the longest wait for an answer was 1 ms

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>
#include <hocket/process_pool_executor.hpp>
#include <string>
#include <vector>

using hocket::Coro;
using Clock = std::chrono::steady_clock;

int count_primes(int limit) {
    std::vector<bool> composite(static_cast<std::size_t>(limit));
    int count = 0;
    for (int i = 2; i < limit; ++i) {
        if (composite[i]) continue;
        ++count;
        for (long j = static_cast<long>(i) * i; j < limit; j += i) composite[j] = true;
    }
    return count;
}

Coro<> serve(hocket::StreamReader reader, hocket::StreamWriter writer) {
    for (;;) {
        const std::string line = co_await reader.readline();
        if (line.empty()) co_return;
        writer.write("pong\n");
        co_await writer.drain();
    }
}

struct Answers {
    Clock::duration longest_wait{};
    hocket::Event came;
};

Coro<> ask_again_and_again(int port, Answers& answers) {
    auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
    for (;;) {
        const auto asked = Clock::now();
        writer.write("ping\n");
        co_await reader.readline();
        answers.longest_wait = std::max(answers.longest_wait, Clock::now() - asked);
        answers.came.set();
    }
}

Coro<> next_answer(Answers& answers) {
    answers.came.clear();
    co_await answers.came.wait();
}

void print(const char* where, int primes, const Answers& answers) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(answers.longest_wait);
    std::printf("%s: %d primes; the longest wait for an answer was %d ms\n", where, primes,
                static_cast<int>(wait.count()));
}

Coro<> show(hocket::ProcessPoolExecutor& pool) {
    constexpr int limit = 20'000'000;
    auto server = co_await hocket::start_server(serve, "127.0.0.1", 0);
    Answers answers;
    auto client =
        hocket::create_task(ask_again_and_again(server.sockets().front().port(), answers));
    co_await next_answer(answers);

    answers.longest_wait = {};
    const int here = count_primes(limit);
    co_await next_answer(answers);
    print("on the loop", here, answers);

    answers.longest_wait = {};
    const int there = co_await pool.submit(count_primes, limit);
    co_await next_answer(answers);
    print("in a worker", there, answers);
    client.cancel();
}

int main() {
    hocket::ProcessPoolExecutor pool(1);
    hocket::run(show(pool));
}
