#include "observe/inspected_loop.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include "engine/per_process.hpp"

namespace hocket::observer {

namespace {

struct Loops {
    std::mutex mutex;
    std::vector<InspectedLoop*> all;
};

constinit engine::PerProcess<Loops> loops_of_process;

} // namespace

void remember_loop(InspectedLoop& loop) {
    Loops& loops = loops_of_process.get();
    const std::scoped_lock lock(loops.mutex);
    loops.all.push_back(&loop);
}

void forget_loop(InspectedLoop& loop) noexcept {
    Loops& loops = loops_of_process.get();
    const std::scoped_lock lock(loops.mutex);
    std::erase(loops.all, &loop);
}

bool has_loops() {
    Loops& loops = loops_of_process.get();
    const std::scoped_lock lock(loops.mutex);
    return !loops.all.empty();
}

void for_each_loop(const std::function<void(InspectedLoop&)>& look) {
    Loops& loops = loops_of_process.get();
    const std::scoped_lock lock(loops.mutex);
    for (InspectedLoop* loop : loops.all) {
        look(*loop);
    }
}

} // namespace hocket::observer
