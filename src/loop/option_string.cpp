#include <hocket/option_string.hpp>

#include <cstring>
#include <mutex>
#include <unordered_set>

#include "loop/fork_safe_mutex.hpp"

namespace hocket {

void OptionString::assign(std::string_view text) {
    if (text.size() <= sizeof bytes_) {
        std::memcpy(&bytes_, text.data(), text.size());
        length_ = text.size();
        return;
    }
    static detail::ForkSafeMutex mutex;
    static auto* const texts = new std::unordered_set<std::string>(); // never destroyed
    const std::scoped_lock lock(mutex);
    interned_ = &*texts->emplace(text).first;
}

} // namespace hocket
