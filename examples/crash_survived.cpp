// One call of five crashes its worker. In Python the pool would be broken, and all that was
// submitted lost: BrokenProcessPool. Here that one call fails, with the reason, and the others do
// not notice.
//
//     $ crash_survived
//     10 / 5 = 2
//     10 / 2 = 5
//     10 / 0: the worker died of signal 8
//     10 / 1 = 10
//     10 / 10 = 1
//     and the pool works on: 10 / 3 = 3

#include <csignal>
#include <cstdio>
#include <hocket/errors.hpp>
#include <hocket/process_pool_executor.hpp>
#include <utility>
#include <vector>

int divide(int a, int b) {
    if (b == 0) ::raise(SIGFPE); // what x86 does by itself
    return a / b;
}

int main() {
    hocket::ProcessPoolExecutor pool(2);
    std::vector<std::pair<int, hocket::Future<int>>> quotients;
    for (const int divisor : {5, 2, 0, 1, 10}) {
        quotients.emplace_back(divisor, pool.submit(divide, 10, divisor));
    }
    for (const auto& [divisor, quotient] : quotients) {
        try {
            std::printf("10 / %d = %d\n", divisor, quotient.result());
        } catch (const hocket::WorkerDied& died) {
            std::printf("10 / %d: the worker died of signal %d\n", divisor, -died.exitcode());
        }
    }
    std::printf("and the pool works on: 10 / 3 = %d\n", pool.submit(divide, 10, 3).result());
}
