#include "choose/study.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <iterator>

#include <hocket/exception_group.hpp>

#include "choose/format_quantity.hpp"
#include "choose/interval.hpp"
#include "choose/widths.hpp"

namespace hocket::choosing {

namespace {

// Models that are further behind the best are not measured again.
constexpr double contender_ratio = 2.0;
constexpr std::size_t least_rounds = 3;
constexpr std::size_t most_rounds = 15;
constexpr ConcurrencyModel concurrent_models[] = {
    ConcurrencyModel::coroutines, ConcurrencyModel::threads, ConcurrencyModel::processes};

double budget_seconds(const ChooseOptions& options) {
    return std::chrono::duration<double>(options.budget).count();
}

} // namespace

Study::Study(detail::Workload& workload, const ChooseOptions& options, double cores)
    : workload_(workload),
      options_(options),
      cores_(cores),
      slice_seconds_(std::min(0.3, budget_seconds(options) / 40)) {}

Choice Study::run() {
    profile();
    if (refusal_.empty()) {
        calibrate();
        double models_left = std::size(concurrent_models);
        for (const ConcurrencyModel model : concurrent_models) {
            explore(model, models_left--);
        }
    }
    if (refusal_.empty()) {
        confirm();
        measure_latencies();
    }
    return answer();
}

double Study::left(double part) const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started_;
    return budget_seconds(options_) * part - elapsed.count();
}

bool Study::attempt(ConcurrencyModel model, const std::function<void()>& work) {
    try {
        work();
        return true;
    } catch (const WorkloadError&) {
        throw; // without the sequential model there is nothing to compare with
    } catch (const KeyboardInterrupt&) {
        throw;
    } catch (...) {
        missing_[model] = "failed: " + describe_exception(std::current_exception());
    }
    measured_.erase(model);
    return false;
}

void Study::profile() {
    const double budget = budget_seconds(options_);
    profile_ = choosing::profile(workload_, std::min(1.0, budget / 20), options_.check_results);
    const double needed = 12 * profile_.item_seconds;
    if (needed > left()) {
        throw ValueError("choose: the budget of " + format_duration(budget) +
                         " is too short, because an item takes " +
                         format_duration(profile_.item_seconds) + ": give at least " +
                         format_duration(std::ceil(budget - left() + needed)));
    }
    if (profile_.unstable_item) {
        refusal_ = "item " + std::to_string(*profile_.unstable_item) +
                   " gave different results in two sequential runs, so the models cannot be "
                   "compared; set check_results = false if that is as it should be";
    }
    if (options_.check_results && !workload_.comparable()) {
        notes_.emplace_back("Results were not compared: there are none, or they have no ==.");
    }
    for (const ConcurrencyModel model : concurrent_models) {
        if (const auto obstacle = workload_.obstacle(model); !obstacle.empty()) {
            missing_[model] = obstacle;
        }
    }
    MeasuredModel& sequential = add_model(ConcurrencyModel::sequential, HandOver());
    sequential.start(1);
    sequential.explore(slice_seconds_);
}

MeasuredModel& Study::add_model(ConcurrencyModel model, const HandOver& hand_over) {
    return measured_.try_emplace(model, model, workload_, profile_, hand_over, cores_)
        .first->second;
}

void Study::calibrate() {
    thread_call_ = calibrate_threads();
    if (!missing_.contains(ConcurrencyModel::processes)) {
        attempt(ConcurrencyModel::processes, [this] { process_call_ = calibrate_processes(); });
    }
}

// Measures the contenders in turn, until the answer is settled or the time is used.
void Study::confirm() {
    double best = 0;
    for (auto& [model, measured] : measured_) {
        measured.settle();
        best = std::max(best, measured.throughput());
    }
    std::vector<ConcurrencyModel> contenders;
    for (auto& [model, measured] : measured_) {
        if (model == ConcurrencyModel::sequential ||
            measured.throughput() * contender_ratio >= best) {
            contenders.push_back(model);
        }
    }
    std::erase_if(contenders, [this](ConcurrencyModel model) {
        return !attempt(model, [&] { measured_.at(model).start(measured_.at(model).width()); });
    });
    for (std::size_t round = 1; contenders.size() > 1 && round <= most_rounds; ++round) {
        double expected = 0;
        for (const ConcurrencyModel model : contenders) {
            expected += measured_.at(model).last_run().usage.wall;
        }
        if (round > 1 && left(0.85) < expected) {
            return;
        }
        measure_round(contenders);
        if (round >= least_rounds && decide(throughputs()).settled) {
            return;
        }
    }
}

// Contenders that fail are removed.
void Study::measure_round(std::vector<ConcurrencyModel>& contenders) {
    std::shuffle(contenders.begin(), contenders.end(), random_);
    std::erase_if(contenders, [&](ConcurrencyModel model) {
        return !attempt(model, [&] {
            MeasuredModel& measured = measured_.at(model);
            measured.add_slice(measured.run(slice_seconds_));
        });
    });
}

// At 70 % of each model's throughput.
void Study::measure_latencies() {
    for (auto& [model, measured] : measured_) {
        const double interval = 1 / (0.7 * measured.throughput());
        const double seconds = std::min(1.5, left() / 6);
        const auto count = static_cast<std::size_t>(std::clamp(seconds / interval, 0.0, 1000.0));
        // 20 calls say little about the 99th percentile, and a call that is due every microsecond
        // cannot be started in time.
        if (count < 20 || interval < 2e-6 || !measured.is_started()) {
            continue;
        }
        try {
            const auto latencies = measured.started().latencies(
                count, std::chrono::nanoseconds(static_cast<std::int64_t>(interval * 1e9)));
            measured.set_p99(quantile(latencies, 0.99));
        } catch (const std::exception&) {
            continue; // it has been measured; only this is missing
        }
    }
}

} // namespace hocket::choosing
