#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/choose.hpp>

#include "choose/calibration.hpp"
#include "choose/estimate.hpp"
#include "choose/prediction.hpp"
#include "choose/profile.hpp"

namespace hocket::choosing {

/// A model, its runs with several numbers of workers, and the number it was settled on.
class MeasuredModel {
public:
    MeasuredModel(ConcurrencyModel model, detail::Workload& workload, const Profile& profile,
                  const HandOver& hand_over, double cores);

    [[nodiscard]] ConcurrencyModel model() const noexcept { return model_; }
    [[nodiscard]] std::size_t width() const noexcept { return width_; }
    [[nodiscard]] const std::map<std::size_t, double>& points() const noexcept { return points_; }
    [[nodiscard]] const std::vector<Run>& slices() const noexcept { return slices_; }
    [[nodiscard]] const Run& last_run() const {
        return slices_.empty() ? runs_.back() : slices_.back();
    }

    /// Starts this many workers, unless they are running.
    void start(std::size_t width);
    void stop() noexcept { started_.reset(); }
    [[nodiscard]] bool is_started() const noexcept { return started_ != nullptr; }
    [[nodiscard]] detail::StartedModel& started() { return *started_; }

    /// Makes some calls with new workers, which open connections and fill caches in the first ones.
    void warm_up();
    /// Runs the function for about `seconds` with the workers that were started.
    [[nodiscard]] Run run(double seconds);
    /// Runs it, and adds the result to the points by which the number of workers is chosen.
    void explore(double seconds);
    /// Runs it, and adds the result to those that were measured in turn with other models.
    void add_slice(const Run& run) { slices_.push_back(run); }

    /// Settles on the smallest number of workers that is nearly as good as the best.
    void settle();
    [[nodiscard]] std::size_t best_width() const;
    /// Items a second at the settled number of workers.
    [[nodiscard]] double throughput() const;
    [[nodiscard]] double predict(std::size_t width, double cores) const;

    /// Whether more workers got little more done although there was CPU time left.
    [[nodiscard]] bool is_serialised() const;

    /// The row of the report. `throughputs` are those of the slices that count, if there are any.
    [[nodiscard]] Choice::Row row(const std::vector<double>& throughputs) const;
    /// The number of workers, and the items a second, predicted for another number of CPUs.
    [[nodiscard]] Choice::Prediction on_cores(std::size_t cores) const;

    void set_p99(double seconds) { p99_ = Choice::Seconds(seconds); }
    [[nodiscard]] std::optional<Choice::Seconds> p99() const { return p99_; }

private:
    [[nodiscard]] Demands demands() const;
    [[nodiscard]] double expected_rate(std::size_t width) const;
    [[nodiscard]] std::string reason() const;

    ConcurrencyModel model_;
    detail::Workload& workload_;
    const Profile& profile_;
    HandOver hand_over_;
    double cores_;
    std::unique_ptr<detail::StartedModel> started_;
    std::size_t started_width_ = 0;
    double warm_up_rate_ = 0; // items a second, of the workers that were started
    std::size_t width_ = 1;
    std::vector<Run> runs_;
    std::map<std::size_t, double> points_; // workers → items a second
    std::map<std::size_t, double> start_seconds_;
    std::vector<Run> slices_; // at the settled width
    std::optional<Choice::Seconds> p99_;
};

} // namespace hocket::choosing
