#pragma once

#include <map>
#include <string>
#include <vector>

#include <hocket/choose.hpp>

namespace hocket::choosing {

/// The models' items a second, in slices that were measured in turn; the cheapest model comes
/// first.
using Throughputs = std::map<ConcurrencyModel, std::vector<double>>;

/// How many times faster than a cheaper model this one must be.
[[nodiscard]] double margin(ConcurrencyModel model) noexcept;

struct Decision {
    ConcurrencyModel chosen = ConcurrencyModel::none;
    /// The model of which the measurements cannot say whether it is the better choice; `none` if
    /// the choice is clear.
    ConcurrencyModel rival = ConcurrencyModel::none;
    /// Whether no interval reaches across a margin, so that measuring on would change nothing.
    bool settled = true;
};

/// Chooses the cheapest model, unless a dearer one is faster by its margin even at the lower end of
/// the interval. There must be at least one model.
[[nodiscard]] Decision decide(const Throughputs& throughputs);

} // namespace hocket::choosing
