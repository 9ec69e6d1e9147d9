#include <hocket/gather.hpp>

namespace hocket::detail {

void FirstError::check(Join& join) {
    TaskBase* const failed = join.decisive();
    if (failed == nullptr) {
        return;
    }
    // The other tasks continue, but the caller will not see their exceptions.
    join.mark_retrieved();
    std::rethrow_exception(failed->error());
}

} // namespace hocket::detail
