#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <hocket/choose.hpp>

#include "choose/calibration.hpp"
#include "choose/decision.hpp"
#include "choose/measured_model.hpp"
#include "choose/profile.hpp"

namespace hocket::choosing {

/// The whole measurement of a workload: profile, explore, confirm, decide.
class Study {
public:
    Study(detail::Workload& workload, const ChooseOptions& options, double cores);

    [[nodiscard]] Choice run();

private:
    /// Seconds until this part of the budget is used.
    [[nodiscard]] double left(double part = 1.0) const;

    void profile();
    MeasuredModel& add_model(ConcurrencyModel model, const HandOver& hand_over);
    void calibrate();
    /// The time left for exploring is shared by this many models.
    void explore(ConcurrencyModel model, double models_left);
    void climb(MeasuredModel& measured, double seconds);
    void measure(MeasuredModel& measured, std::size_t width);
    [[nodiscard]] bool agrees(MeasuredModel& measured);
    void confirm();
    void measure_round(std::vector<ConcurrencyModel>& contenders);
    void measure_latencies();
    /// Runs `work` for a model; if it throws, the model gets no numbers, and its row says why.
    bool attempt(ConcurrencyModel model, const std::function<void()>& work);

    [[nodiscard]] Throughputs throughputs() const;
    [[nodiscard]] Choice answer() const;
    void explain(Choice& choice, const Throughputs& eligible, const Decision& decision) const;
    void predict_other_cores(Choice& choice) const;

    detail::Workload& workload_;
    const ChooseOptions& options_;
    const double cores_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    const double slice_seconds_;
    Profile profile_;
    std::optional<HandOver> thread_call_;
    std::optional<HandOver> process_call_;
    std::map<ConcurrencyModel, MeasuredModel> measured_;
    std::map<ConcurrencyModel, std::string> missing_; // why they have no numbers
    std::string refusal_;                             // why no model can be recommended
    std::vector<std::string> notes_;
    std::minstd_rand random_{1};
};

} // namespace hocket::choosing
