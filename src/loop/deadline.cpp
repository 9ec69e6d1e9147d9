#include <hocket/detail/loop/deadline.hpp>

#include <hocket/errors.hpp>

namespace hocket::detail {

void throw_not_a_number() { throw ValueError("invalid delay: NaN (not a number)"); }

} // namespace hocket::detail
