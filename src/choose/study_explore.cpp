#include <algorithm>
#include <chrono>

#include "choose/study.hpp"
#include "choose/usage.hpp"
#include "choose/widths.hpp"

namespace hocket::choosing {

namespace {

// More workers are tried while they bring this much, and four times as many while they bring more.
constexpr double improvement = 1.05;
constexpr double step_improvement = 1.3;

// The part of the budget at which exploring ends.
constexpr double explored_by = 0.6;

} // namespace

void Study::explore(ConcurrencyModel model, double models_left) {
    if (missing_.contains(model) || !refusal_.empty()) {
        return;
    }
    const auto& hand_over = model == ConcurrencyModel::processes ? process_call_ : thread_call_;
    attempt(model, [&] {
        MeasuredModel& measured = add_model(model, *hand_over);
        measured.start(width_grid(model, cores_, workload_.size()).front());
        if (agrees(measured)) {
            climb(measured, left(explored_by) / models_left);
            measured.stop();
        }
    });
    if (missing_.contains(model)) {
        measured_.erase(model);
    }
}

// Whether this model's results are those of the sequential calls.
bool Study::agrees(MeasuredModel& measured) {
    if (!options_.check_results || !workload_.comparable()) {
        return true;
    }
    const std::size_t workers = width_grid(measured.model(), cores_, workload_.size()).front();
    const double in_time = 0.5 * static_cast<double>(workers) / profile_.item_seconds;
    const auto count = static_cast<std::size_t>(
        std::clamp(in_time, 1.0, static_cast<double>(profile_.kept_results)));
    const auto item = measured.started().first_difference(count);
    if (!item) {
        return true;
    }
    const std::string difference = "gave a different result for item " + std::to_string(*item);
    missing_[measured.model()] = difference;
    refusal_ = std::string(to_string(measured.model())) + " " + difference;
    return false;
}

// Starts with two workers and takes steps of four times as many, towards the number that is
// predicted to be best, while each step pays. A run at a number that is far too large would take
// long. Then goes on to the next numbers while they are better.
void Study::climb(MeasuredModel& measured, double seconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    const auto time_left = [end] { return std::chrono::steady_clock::now() < end; };
    auto grid = width_grid(measured.model(), cores_, workload_.size());
    measure(measured, grid.front());
    if (measured.model() == ConcurrencyModel::processes) {
        const std::size_t each = measured.last_run().memory / grid.front();
        std::erase_if(grid, [&](std::size_t width) {
            return width > grid.front() && width * each > available_memory() / 2;
        });
    }
    const auto& points = measured.points();
    double before = 0;
    // The first step is taken even if no time is left: two workers alone say too little.
    while ((before == 0 || time_left()) && points.rbegin()->second > before * step_improvement) {
        const std::size_t widest = points.rbegin()->first;
        before = points.rbegin()->second;
        std::map<std::size_t, double> predicted;
        for (const std::size_t width : grid) {
            predicted[width] = measured.predict(width, cores_);
        }
        const std::size_t target = std::min(smallest_good_width(predicted, 0.03), 4 * widest);
        if (target <= widest) {
            break;
        }
        measure(measured, *std::lower_bound(grid.begin(), grid.end(), target));
    }
    while (time_left()) {
        const auto [widest, throughput] = *points.rbegin();
        const auto wider = std::upper_bound(grid.begin(), grid.end(), widest);
        double best_below = 0;
        for (const auto& [width, value] : points) {
            best_below = std::max(best_below, width < widest ? value : 0);
        }
        if (wider == grid.end() || throughput < best_below * improvement) {
            break;
        }
        measure(measured, *wider);
    }
    // What lies beside the best may be better still, or as good with fewer workers.
    for (const std::size_t width : {measured.best_width() / 2, measured.best_width() * 2}) {
        const auto near = std::lower_bound(grid.begin(), grid.end(), width);
        if (near != grid.end() && time_left()) {
            measure(measured, *near);
        }
    }
    measured.settle();
}

void Study::measure(MeasuredModel& measured, std::size_t width) {
    if (measured.points().contains(width)) {
        return;
    }
    measured.start(width);
    if (profile_.item_seconds < 0.05) {
        measured.warm_up();
    }
    measured.explore(slice_seconds_);
}

} // namespace hocket::choosing
