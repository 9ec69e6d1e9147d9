#include <cstdlib>
#include <string>

#include <hocket/hocket.hpp>
#include <hocket/http/session.hpp>

#include "../measure.hpp"

// `http_client URL SECONDS`: 64 tasks send one GET after the other with one session. Prints the CPU
// time of a request and the requests per second.

namespace {

constexpr int in_flight = 64;

struct Counts {
    long requests = 0;
    bool is_over = false;
};

hocket::Coro<> send(hocket::http::Session& session, const std::string& url, Counts& counts) {
    while (!counts.is_over) {
        const auto response = co_await session.get(url);
        if (response.status_code() != 200 || response.content().empty()) std::abort();
        ++counts.requests;
    }
}

hocket::Coro<> measure(std::string url, double seconds) {
    hocket::http::Session session;
    Counts counts;
    co_await hocket::with_task_group([&](hocket::TaskGroup& group) -> hocket::Coro<> {
        for (int i = 0; i < in_flight; ++i) group.create_task(send(session, url, counts));
        co_await hocket::sleep(std::chrono::milliseconds(100)); // to warm up
        const long before = counts.requests;
        const double cpu = bench::nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
        const double began = bench::nanoseconds(CLOCK_MONOTONIC);
        co_await hocket::sleep(std::chrono::duration<double>(seconds));
        const auto requests = static_cast<double>(counts.requests - before);
        bench::print("cpu", (bench::nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / requests, "ns");
        bench::print("rate", requests / (bench::nanoseconds(CLOCK_MONOTONIC) - began) * 1e9,
                     "req/s");
        counts.is_over = true;
    });
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s URL SECONDS\n", argv[0]), 2;
    hocket::run(measure(argv[1], std::atof(argv[2])));
}
