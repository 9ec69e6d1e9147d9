#include <uv.h>

#include <chrono>
#include <thread>
#include <vector>

#include "../../measure.hpp"

namespace {

constexpr std::size_t alive = 1'000'000;

std::size_t fired = 0;

void on_timer(uv_timer_t*) { ++fired; }

void insert_cancel(std::vector<uv_timer_t>& timers) {
    bench::Random random;
    bench::Best best("timer_cancel", alive, 3);
    while (best.next()) {
        for (uv_timer_t& timer : timers)
            uv_timer_start(&timer, on_timer, 3'600'000 + random.below(3'600'000), 0);
        for (uv_timer_t& timer : timers) uv_timer_stop(&timer);
    }
}

void insert_expire(uv_loop_t* loop, std::vector<uv_timer_t>& timers) {
    bench::Random random;
    bench::Best best("timer_expire", alive, 3);
    while (best.next()) {
        uv_update_time(loop);
        for (uv_timer_t& timer : timers) uv_timer_start(&timer, on_timer, random.below(1000), 0);
        // All are alive at once, and all are due when the loop runs. This measures the timers and
        // not the polling.
        std::this_thread::sleep_for(std::chrono::seconds(1));
        uv_run(loop, UV_RUN_DEFAULT);
    }
}

} // namespace

int main() {
    uv_loop_t* loop = uv_default_loop();
    std::vector<uv_timer_t> timers(alive);
    for (uv_timer_t& timer : timers) uv_timer_init(loop, &timer);
    insert_cancel(timers);
    insert_expire(loop, timers);
    bench::keep(fired);
}
