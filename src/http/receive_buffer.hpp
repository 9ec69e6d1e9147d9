#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hocket::http::detail {

/// Bytes that were received and not used yet. Has no memory while there are none.
class ReceiveBuffer {
public:
    [[nodiscard]] std::string_view bytes() const noexcept {
        return std::string_view(storage_).substr(begin_);
    }
    [[nodiscard]] std::size_t size() const noexcept { return storage_.size() - begin_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    void append(std::string_view data) {
        if (begin_ > storage_.size() / 2) {
            storage_.erase(0, begin_);
            begin_ = 0;
        }
        storage_ += data;
    }
    void drop(std::size_t count) noexcept {
        begin_ += count;
        if (begin_ == storage_.size()) {
            begin_ = 0;
            storage_.clear();
            if (storage_.capacity() > largest_kept) storage_ = {};
        }
    }

private:
    static constexpr std::size_t largest_kept = 4096;

    std::string storage_;
    std::size_t begin_ = 0;
};

} // namespace hocket::http::detail
