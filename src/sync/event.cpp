#include <hocket/event.hpp>

namespace hocket::detail {

EventWait::operator Coro<bool>() const { return await_in_coro<EventWait, Event&>(event_); }

} // namespace hocket::detail
