#include "choose/measured_model.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "choose/interval.hpp"
#include "choose/widths.hpp"

namespace hocket::choosing {

namespace {

// Results of coroutines are kept until all have ended.
constexpr double most_result_bytes = 64 << 20;

} // namespace

MeasuredModel::MeasuredModel(ConcurrencyModel model, detail::Workload& workload,
                             const Profile& profile, const HandOver& hand_over, double cores)
    : model_(model), workload_(workload), profile_(profile), hand_over_(hand_over), cores_(cores) {}

void MeasuredModel::start(std::size_t width) {
    if (started_ && started_width_ == width) {
        return;
    }
    started_.reset(); // the old workers first
    const auto begun = std::chrono::steady_clock::now();
    started_ = workload_.start(model_, width);
    started_width_ = width;
    warm_up_rate_ = std::numeric_limits<double>::infinity();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    start_seconds_[width] = taken.count();
}

void MeasuredModel::warm_up() {
    const std::size_t chunksize = chunk_for(model_, profile_, workload_.size(), started_width_);
    const std::size_t count = 2 * started_width_ * chunksize;
    const auto begun = std::chrono::steady_clock::now();
    started_->run(count, chunksize);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    warm_up_rate_ = static_cast<double>(count) / std::max(taken.count(), 1e-9);
}

Run MeasuredModel::run(double seconds) {
    Run run;
    run.model = model_;
    run.width = started_width_;
    run.chunksize = chunk_for(model_, profile_, workload_.size(), run.width);
    run.count = count_for(expected_rate(run.width), seconds, profile_.item_seconds, run.width,
                          run.chunksize);
    if (model_ == ConcurrencyModel::coroutines) {
        const double fitting = most_result_bytes / std::max(profile_.packed_bytes.value_or(1), 1.0);
        run.count = std::min(run.count, std::max(run.width, static_cast<std::size_t>(fitting)));
    }
    const Meter meter(started_->worker_processes());
    started_->run(run.count, run.chunksize);
    run.usage = meter.stop();
    run.memory = memory_of(started_->worker_processes());
    return run;
}

void MeasuredModel::explore(double seconds) {
    runs_.push_back(run(seconds));
    points_[runs_.back().width] = quiet_throughput(runs_.back(), profile_, cores_);
}

void MeasuredModel::settle() {
    if (slices_.empty()) {
        width_ = smallest_good_width(points_);
    }
}

std::size_t MeasuredModel::best_width() const { return smallest_good_width(points_, 0); }

double MeasuredModel::throughput() const {
    if (slices_.empty()) {
        return points_.at(width_);
    }
    std::vector<double> throughputs;
    for (const Run& slice : slices_) {
        throughputs.push_back(quiet_throughput(slice, profile_, cores_));
    }
    return median(throughputs);
}

// Those of the profile, with the overheads that the runs of this model have shown.
Demands MeasuredModel::demands() const {
    Demands demands{.cpu = profile_.cpu, .wait = profile_.wait};
    if (model_ == ConcurrencyModel::sequential) {
        return demands;
    }
    if (runs_.empty()) {
        const auto chunk = static_cast<double>(chunk_for(model_, profile_, workload_.size(), 2));
        demands.overhead = hand_over_.worker / chunk;
        demands.caller = hand_over_.caller / chunk;
        return demands;
    }
    const Run& cheapest = *std::min_element(
        runs_.begin(), runs_.end(), [](const Run& a, const Run& b) { return a.cpu() < b.cpu(); });
    if (model_ == ConcurrencyModel::coroutines) {
        demands.cpu = cheapest.cpu(); // that of the coroutine may be another than the function's
    } else {
        demands.caller = cheapest.caller_cpu();
        demands.overhead = std::max(cheapest.cpu() - demands.caller - profile_.cpu, 0.0);
    }
    if (is_serialised()) {
        demands.serial = 1 / points_.at(best_width());
    }
    return demands;
}

bool MeasuredModel::is_serialised() const {
    if (points_.size() < 2 || model_ == ConcurrencyModel::sequential) {
        return false;
    }
    const std::size_t widest = points_.rbegin()->first;
    const double best = points_.at(best_width());
    const double busy = best * last_run().cpu();
    const double alone = 1 / std::max(profile_.cpu + profile_.wait, 1e-12);
    const double limit = model_ == ConcurrencyModel::coroutines ? 1 : cores_;
    return busy < 0.6 * limit && best < 0.6 * static_cast<double>(widest) * alone &&
           smallest_good_width(points_) * 2 <= widest;
}

double MeasuredModel::predict(std::size_t width, double cores) const {
    return choosing::predict(model_, demands(), width, cores);
}

// Of the machine as it is: a run must not take much longer than planned.
double MeasuredModel::expected_rate(std::size_t width) const {
    if (model_ == ConcurrencyModel::sequential) {
        return 1 / std::max(profile_.item_seconds, 1e-9);
    }
    const Run* nearest = nullptr;
    for (const Run& run : runs_) {
        if (run.width <= width && (nearest == nullptr || run.width >= nearest->width)) {
            nearest = &run;
        }
    }
    if (nearest != nullptr && nearest->width == width) {
        return nearest->measured();
    }
    double rate =
        std::min(predict(width, cores_), static_cast<double>(width) / profile_.item_seconds);
    if (nearest != nullptr) {
        const double more = static_cast<double>(width) / static_cast<double>(nearest->width);
        rate = std::min(std::max(rate, nearest->measured()), nearest->measured() * more);
    }
    // New workers are slow at first, but hardly more than this.
    return std::min(rate, 4 * warm_up_rate_);
}

Choice::Row MeasuredModel::row(const std::vector<double>& throughputs) const {
    const std::vector<double> values =
        throughputs.empty() ? std::vector<double>{throughput()} : throughputs;
    const auto at_width = std::find_if(runs_.rbegin(), runs_.rend(),
                                       [this](const Run& run) { return run.width == width_; });
    const Run& run = slices_.empty() && at_width != runs_.rend() ? *at_width : last_run();
    Choice::Row row;
    row.model = model_;
    row.workers = width_;
    row.chunksize = run.chunksize;
    row.items_per_second = median(values);
    row.interval = bootstrap_interval(values);
    row.p99 = p99_;
    row.cpu_per_item = Choice::Seconds(run.cpu());
    row.memory = run.memory;
    if (const auto start = start_seconds_.find(width_); start != start_seconds_.end()) {
        row.start_time = Choice::Seconds(start->second);
    }
    row.reason = reason();
    return row;
}

Choice::Prediction MeasuredModel::on_cores(std::size_t cores) const {
    // Scaled so that it agrees with the measurement on this machine.
    const double correction = std::min(throughput() / predict(width_, cores_), 1.0);
    std::map<std::size_t, double> predicted;
    for (const std::size_t width :
         width_grid(model_, static_cast<double>(cores), workload_.size())) {
        predicted[width] = predict(width, static_cast<double>(cores)) * correction;
    }
    const std::size_t width = smallest_good_width(predicted);
    return {cores, model_, width, predicted.at(width)};
}

std::string MeasuredModel::reason() const {
    const Demands needs = demands();
    const double rate = throughput();
    const double busy = rate * last_run().cpu();
    const bool overlaps =
        profile_.wait > profile_.cpu && rate * (profile_.cpu + profile_.wait) > 1.5;
    switch (model_) {
    case ConcurrencyModel::sequential: return "one item after the other";
    case ConcurrencyModel::coroutines:
        if (busy > 0.6) {
            return "one thread, which is busy";
        }
        return is_serialised() && !overlaps ? "something is serialised: more tasks do not help"
                                            : "waits overlap";
    default: break;
    }
    const bool threads = model_ == ConcurrencyModel::threads;
    if (rate * needs.caller > 0.6) {
        return threads ? "one thread is busy handing over items"
                       : "this process is busy packing and passing items";
    }
    if (needs.overhead + needs.caller > profile_.cpu + profile_.wait) {
        return "handing over an item costs more than the work";
    }
    if (busy > 0.75 * cores_) {
        return "all CPUs are busy";
    }
    if (overlaps) {
        return "waits overlap";
    }
    return is_serialised() ? "something is serialised: more workers do not help"
           : threads       ? "limited by contention between threads"
                           : "limited by the way of items between processes";
}

} // namespace hocket::choosing
