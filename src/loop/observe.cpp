#include <hocket/observe.hpp>

#include "observe/observer.hpp"

namespace hocket {

void observe(const ObserveOptions& options) {
    observer::start_observer(options.metrics_port);
    if (options.record) {
        observer::record_until_the_end();
    }
}

} // namespace hocket
