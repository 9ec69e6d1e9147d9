// Worker processes: for code that may crash, leaks, or must be stopped. A worker is this program,
// started again; nothing has to be registered. A worker that dies takes one call with it.
//
//     $ 08_processes
//     decoded picture 1
//     picture 2 killed its worker: signal 6
//     decoded picture 3

#include <cstdio>
#include <cstdlib>
#include <hocket/hocket.hpp>

using hocket::Coro;

int decode(int picture) {
    if (picture == 2) std::abort(); // a bug in a library
    return picture;
}

Coro<> decode_all(hocket::ProcessPoolExecutor& pool) {
    for (int picture = 1; picture <= 3; ++picture) {
        try {
            const int decoded = co_await pool.submit(decode, picture);
            std::printf("decoded picture %d\n", decoded);
        } catch (const hocket::WorkerDied& death) {
            std::printf("picture %d killed its worker: signal %d\n", picture, -death.exitcode());
        }
    }
}

int main() {
    hocket::ProcessPoolExecutor pool(2);
    hocket::run(decode_all(pool));
}
