#include <hocket/run.hpp>
#include <hocket/subprocess.hpp>

#include "../measure.hpp"

// Runs one program after the other. Measures the time from the call to the exit status.

int main() {
    hocket::run([]() -> hocket::Coro<> {
        constexpr std::size_t rounds = 20; // short, to fit between time slices of other processes
        bench::Best best("true", rounds, 100, bench::Clock::wall);
        while (best.next()) {
            for (std::size_t i = 0; i < rounds; ++i) {
                auto process = co_await hocket::create_subprocess_exec("/bin/true");
                if (co_await process.wait() != 0) std::abort();
            }
        }
    });
}
