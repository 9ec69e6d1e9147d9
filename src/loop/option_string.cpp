#include <hocket/engine/made_once.hpp>
#include <hocket/option_string.hpp>

#include <cstring>
#include <mutex>
#include <unordered_set>

#include "loop/fork_safe_mutex.hpp"

namespace hocket {

namespace {

detail::ForkSafeMutex texts_mutex;

} // namespace

void OptionString::assign(std::string_view text) {
    if (text.size() <= sizeof bytes_) {
        std::memcpy(&bytes_, text.data(), text.size());
        length_ = text.size();
        return;
    }
    static constinit engine::MadeOnce<std::unordered_set<std::string>> texts;
    const std::scoped_lock lock(texts_mutex);
    interned_ = &*texts.get().emplace(text).first;
}

} // namespace hocket
