#pragma once

#include <cstddef>
#include <vector>

#include <hocket/choose.hpp>

#include "choose/profile.hpp"

namespace hocket::choosing {

/// Numbers of workers worth considering, in ascending order: powers of two and the number of CPUs,
/// but no more than there are items. Not empty.
[[nodiscard]] std::vector<std::size_t> width_grid(ConcurrencyModel model, double cores,
                                                  std::size_t items);

/// Items that a worker gets at a time, so that handing them over costs little; one, if an item is
/// long. Each worker gets several chunks of the items.
[[nodiscard]] std::size_t chunk_for(ConcurrencyModel model, const Profile& profile,
                                    std::size_t items, std::size_t workers);

/// Items for a run of about `seconds` at `rate` items a second: whole waves, so that no worker
/// idles while others finish the last items.
[[nodiscard]] std::size_t count_for(double rate, double seconds, double item_seconds,
                                    std::size_t workers, std::size_t chunksize);

} // namespace hocket::choosing
