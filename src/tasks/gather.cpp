#include <hocket/gather.hpp>

namespace hocket::detail {

void FirstError::check(Join& join) {
    TaskBase* const failed = join.decisive();
    if (failed == nullptr) {
        return;
    }
    // The others go on, and who asked for all results has been told that they will not come.
    join.mark_retrieved();
    std::rethrow_exception(failed->error());
}

} // namespace hocket::detail
