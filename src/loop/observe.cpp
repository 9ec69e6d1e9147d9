#include <hocket/observe.hpp>

#include "observe/observer.hpp"

namespace hocket {

void observe(const ObserveOptions& options) { observer::start_observer(options.metrics_port); }

} // namespace hocket
