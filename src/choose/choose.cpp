#include <hocket/choose.hpp>

#include <hocket/detail/loop/loop_core.hpp>
#include <hocket/errors.hpp>

#include "choose/cpus.hpp"
#include "choose/format_quantity.hpp"
#include "choose/study.hpp"

namespace hocket {

const Choice::Row& Choice::row(ConcurrencyModel model) const {
    for (const Row& row : models) {
        if (row.model == model) {
            return row;
        }
    }
    throw ValueError("Choice: there is no row for '" + std::string(to_string(model)) + "'");
}

namespace detail {

Choice choose_model(Workload& workload, const ChooseOptions& options) {
    if (running_core() != nullptr) {
        throw RuntimeError("choose blocks for its budget, and must not be called on a thread that "
                           "runs an event loop; call it before hocket::run");
    }
    if (workload.size() == 0) {
        throw ValueError("choose: there are no items to call the function with");
    }
    if (options.budget <= std::chrono::nanoseconds::zero()) {
        throw ValueError("choose: the budget must be more than zero");
    }
    const double usable = choosing::usable_cpus();
    if (options.cores < 0 || options.cores > usable) {
        throw ValueError("choose: cores is " + choosing::format_rate(options.cores) +
                         ", but this process may use " + choosing::format_rate(usable) +
                         "; Choice::on_cores predicts what would be chosen on others");
    }
    const double cores = options.cores > 0 ? options.cores : usable;
    const choosing::CpuLimit limit(cores);
    return choosing::Study(workload, options, cores).run();
}

} // namespace detail
} // namespace hocket
