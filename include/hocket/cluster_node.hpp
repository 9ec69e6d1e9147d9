#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace hocket {

/// A node of a cluster: one of Ray's nodes, or one of Dask's workers.
struct ClusterNode {
    std::string address;                     ///< "10.0.0.7", "tcp://10.0.0.7:40123"
    std::string name;                        ///< the machine's name, or the Dask worker's
    std::size_t slots = 0;                   ///< How many workers its resources suffice for.
    std::map<std::string, double> resources; ///< All that it has, used or not: {"CPU", 8}.
};

} // namespace hocket
