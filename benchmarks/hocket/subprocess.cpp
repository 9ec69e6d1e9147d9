#include <hocket/run.hpp>
#include <hocket/subprocess.hpp>

#include "../measure.hpp"

// One program after the other: from the call to its exit status.

int main() {
    hocket::run([]() -> hocket::Coro<> {
        constexpr std::size_t rounds = 20; // short, to fit between what else runs
        bench::Best best("true", rounds, 100, bench::Clock::wall);
        while (best.next()) {
            for (std::size_t i = 0; i < rounds; ++i) {
                auto process = co_await hocket::create_subprocess_exec("/bin/true");
                if (co_await process.wait() != 0) std::abort();
            }
        }
    });
}
