#include <uv.h>

#include <cstdlib>
#include <vector>

#include "../../measure.hpp"

namespace {

long left = 0;

void submit(uv_loop_t* loop, uv_work_t* request) {
    if (left == 0) return;
    --left;
    uv_queue_work(
        loop, request, [](uv_work_t* work) { bench::keep(work); },
        [](uv_work_t* work, int) { submit(work->loop, work); });
}

void hops(uv_loop_t* loop, const char* name, std::size_t in_flight, long rounds) {
    std::vector<uv_work_t> requests(in_flight);
    bench::Best best(name, static_cast<std::size_t>(rounds), 5, bench::Clock::wall);
    while (best.next()) {
        left = rounds;
        for (uv_work_t& request : requests) submit(loop, &request);
        uv_run(loop, UV_RUN_DEFAULT);
    }
}

} // namespace

int main() {
    setenv("UV_THREADPOOL_SIZE", "1", 1); // as for every library
    uv_loop_t* loop = uv_default_loop();
    hops(loop, "thread_1", 1, 20'000);
    hops(loop, "thread_64", 64, 200'000);
}
