// A worker that crashes takes one call with it, and that call's future reports it. The pool starts
// another worker and goes on. In Python, the crash breaks the pool, and every waiting call fails.
//
//     $ crash_survived
//     picture 1 has 100 pixels
//     picture 2 has 400 pixels
//     picture 3: its worker was ended by signal 6
//     picture 4 has 1600 pixels
//     picture 5: the picture is empty
//     picture 6 has 3600 pixels

#include <cstdio>
#include <cstdlib>
#include <hocket/process_pool_executor.hpp>
#include <stdexcept>
#include <vector>

// Stands for a library with a bug: it aborts for one of the pictures.
int decode(int picture) {
    if (picture == 3) std::abort();
    if (picture == 5) throw std::invalid_argument("the picture is empty");
    return 100 * picture * picture;
}

int main() {
    hocket::ProcessPoolExecutor pool(2);
    std::vector<hocket::Future<int>> pixels;
    for (int picture = 1; picture <= 6; ++picture) pixels.push_back(pool.submit(decode, picture));

    int picture = 0;
    for (auto& future : pixels) {
        ++picture;
        try {
            std::printf("picture %d has %d pixels\n", picture, future.result());
        } catch (const hocket::WorkerDied& death) {
            std::printf("picture %d: its worker was ended by signal %d\n", picture,
                        -death.exitcode());
        } catch (const std::invalid_argument& error) {
            std::printf("picture %d: %s\n", picture, error.what());
        }
    }
}
