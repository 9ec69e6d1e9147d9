#include <asio.hpp>

#include "../../measure.hpp"

namespace {

class Hops {
public:
    Hops(asio::io_context& io, asio::thread_pool& pool) : io_(io), pool_(pool) {}

    void start(int in_flight, long rounds) {
        left_ = rounds;
        for (int i = 0; i < in_flight; ++i) submit();
    }

private:
    void submit() {
        if (left_ == 0) return;
        --left_;
        asio::post(pool_, [this, work = asio::make_work_guard(io_)] {
            bench::keep(this);
            asio::post(io_, [this] { submit(); });
        });
    }

    asio::io_context& io_;
    asio::thread_pool& pool_;
    long left_ = 0;
};

void hops(const char* name, int in_flight, long rounds) {
    asio::io_context io;
    asio::thread_pool pool(1); // as for every library
    Hops hops(io, pool);
    bench::Best best(name, static_cast<std::size_t>(rounds), 5, bench::Clock::wall);
    while (best.next()) {
        hops.start(in_flight, rounds);
        io.run();
        io.restart();
    }
}

} // namespace

int main() {
    hops("thread_1", 1, 20'000);
    hops("thread_64", 64, 200'000);
}
