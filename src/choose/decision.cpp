#include "choose/decision.hpp"

#include "choose/interval.hpp"

namespace hocket::choosing {

double margin(ConcurrencyModel model) noexcept {
    return model == ConcurrencyModel::processes ? 1.3 : 1.15;
}

Decision decide(const Throughputs& throughputs) {
    Decision decision;
    for (const auto& [model, slices] : throughputs) {
        if (decision.chosen == ConcurrencyModel::none ||
            paired_ratio(slices, throughputs.at(decision.chosen)).interval.low >= margin(model)) {
            decision.chosen = model;
        }
    }
    const std::vector<double>& chosen = throughputs.at(decision.chosen);
    for (const auto& [model, slices] : throughputs) {
        if (model == decision.chosen) {
            continue;
        }
        const bool cheaper = model < decision.chosen;
        const Ratio gain = cheaper ? paired_ratio(chosen, slices) : paired_ratio(slices, chosen);
        const double needed = margin(cheaper ? decision.chosen : model);
        if (gain.interval.low < needed && gain.interval.high >= needed) {
            decision.settled = false;
        }
        // A cheaper model that might do as well; or a dearer one that seems to win, and may win by
        // so much that its price would not matter.
        const bool doubtful = cheaper ? gain.median < needed
                                      : gain.median >= needed && gain.interval.low < needed &&
                                            gain.interval.high > needed * needed;
        if (doubtful) {
            decision.rival = model;
        }
    }
    return decision;
}

} // namespace hocket::choosing
