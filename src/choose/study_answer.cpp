#include <algorithm>

#include "choose/format_quantity.hpp"
#include "choose/interval.hpp"
#include "choose/study.hpp"

namespace hocket::choosing {

namespace {

constexpr std::size_t least_clean_rounds = 3;
constexpr std::size_t core_counts[] = {1, 2, 4, 8, 16, 32};

std::string with_workers(const Choice::Row& row) {
    std::string text(to_string(row.model));
    return row.model == ConcurrencyModel::sequential
               ? text
               : text + " with " + std::to_string(row.workers) + " workers";
}

} // namespace

// Those of the slices, in pairs. If enough rounds were clean for all models, only those count.
Throughputs Study::throughputs() const {
    Throughputs all;
    std::size_t rounds = 0;
    for (const auto& [model, measured] : measured_) {
        if (!measured.slices().empty()) {
            rounds =
                rounds == 0 ? measured.slices().size() : std::min(rounds, measured.slices().size());
        }
    }
    std::vector<std::size_t> clean;
    for (std::size_t i = 0; i < rounds; ++i) {
        const bool is_clean = std::ranges::all_of(measured_, [i](const auto& entry) {
            return entry.second.slices().empty() || entry.second.slices()[i].clean();
        });
        if (is_clean) {
            clean.push_back(i);
        }
    }
    const bool enough = clean.size() >= least_clean_rounds;
    for (const auto& [model, measured] : measured_) {
        if (measured.slices().empty()) {
            continue;
        }
        for (std::size_t i = 0; i < (enough ? clean.size() : rounds); ++i) {
            all[model].push_back(
                quiet_throughput(measured.slices()[enough ? clean[i] : i], profile_, cores_));
        }
    }
    if (all.empty()) {
        for (const auto& [model, measured] : measured_) {
            all[model] = {measured.throughput()};
        }
    }
    return all;
}

Choice Study::answer() const {
    Choice choice;
    choice.cores = cores_;
    choice.notes = notes_;
    choice.needs.cpu = Choice::Seconds(profile_.cpu);
    choice.needs.wait = Choice::Seconds(profile_.wait);
    choice.needs.packing = Choice::Seconds(profile_.packing_cpu);
    choice.needs.packed_bytes = profile_.packed_bytes;
    const auto both = [](const HandOver& call) {
        return Choice::Seconds(call.caller + call.worker);
    };
    if (thread_call_) {
        choice.needs.thread_call = both(*thread_call_);
    }
    if (process_call_) {
        choice.needs.process_call = both(*process_call_);
    }

    const Throughputs confirmed = throughputs();
    for (const auto model : {ConcurrencyModel::sequential, ConcurrencyModel::coroutines,
                             ConcurrencyModel::threads, ConcurrencyModel::processes}) {
        const auto measured = measured_.find(model);
        if (measured == measured_.end()) {
            const auto why = missing_.find(model);
            choice.models.push_back(
                {.model = model, .reason = why == missing_.end() ? "not measured" : why->second});
        } else {
            const auto values = confirmed.find(model);
            choice.models.push_back(measured->second.row(
                values == confirmed.end() ? std::vector<double>() : values->second));
        }
    }
    if (!refusal_.empty()) {
        choice.reason = refusal_;
        return choice;
    }
    Throughputs eligible = confirmed;
    if (options_.p99) {
        std::erase_if(eligible, [&](const auto& entry) {
            const auto p99 = measured_.at(entry.first).p99();
            return !p99 || *p99 > *options_.p99;
        });
        if (eligible.empty()) {
            choice.reason = "no model keeps the 99th percentile of latency below " +
                            format_duration(Choice::Seconds(*options_.p99).count());
            return choice;
        }
    }
    const Decision decision = decide(eligible);
    if (std::ranges::any_of(measured_, [](const auto& entry) {
            return !entry.second.slices().empty() && !entry.second.slices().back().clean();
        })) {
        choice.notes.emplace_back("The machine was busy: throughputs are computed from CPU time, "
                                  "waiting and contention.");
    }
    const Ratio speedup =
        paired_ratio(confirmed.at(decision.chosen), confirmed.at(ConcurrencyModel::sequential));
    choice.speedup = speedup.median;
    choice.interval = speedup.interval;
    explain(choice, eligible, decision);
    predict_other_cores(choice);
    return choice;
}

void Study::explain(Choice& choice, const Throughputs& eligible, const Decision& decision) const {
    const Choice::Row& chosen = choice.row(decision.chosen);
    if (decision.rival != ConcurrencyModel::none) {
        const Ratio gain = paired_ratio(eligible.at(decision.rival), eligible.at(decision.chosen));
        choice.reason = "no clear winner: " + with_workers(choice.row(decision.rival)) + " is " +
                        format_ratio(gain.median) + "× " + with_workers(chosen) +
                        " (95 % interval " + format_ratio(gain.interval.low) + "–" +
                        format_ratio(gain.interval.high) + ")";
        return;
    }
    choice.answer = decision.chosen;
    choice.workers = chosen.workers;
    choice.chunksize = chosen.chunksize;
    choice.reason = chosen.reason;
    const auto threads = measured_.find(ConcurrencyModel::threads);
    if (decision.chosen == ConcurrencyModel::processes && threads != measured_.end() &&
        threads->second.is_serialised()) {
        choice.notes.emplace_back(
            "Threads wait for each other, and processes do not: if the function holds a lock, each "
            "process has a copy of it, which protects nothing that processes share.");
    }
    if (decision.chosen != ConcurrencyModel::sequential) {
        return;
    }
    const Choice::Row* best = nullptr;
    for (const Choice::Row& row : choice.models) {
        if (row.model != decision.chosen && row.items_per_second &&
            (best == nullptr || *row.items_per_second > *best->items_per_second)) {
            best = &row;
        }
    }
    choice.reason = best == nullptr
                        ? "no other model could be measured"
                        : "no other model is enough faster; " + with_workers(*best) + " would be " +
                              format_ratio(*best->items_per_second / *chosen.items_per_second) +
                              "× (" + best->reason + ")";
}

// The same rule, with predictions, which have no intervals.
void Study::predict_other_cores(Choice& choice) const {
    for (const std::size_t cores : core_counts) {
        Throughputs predicted;
        for (const auto& [model, measured] : measured_) {
            predicted[model] = {measured.on_cores(cores).items_per_second};
        }
        choice.on_cores.push_back(measured_.at(decide(predicted).chosen).on_cores(cores));
    }
}

} // namespace hocket::choosing
