#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace serve {

/// Bytes that came and have not been used yet, in one piece. It starts small, because most
/// connections send one short request at a time, and grows only for those that do not.
class ReceiveBuffer {
public:
    std::string_view bytes() const { return {storage_.data() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }

    /// Room for at least a quarter of the buffer; invalidates bytes().
    std::span<char> free_space() {
        if (begin_ == end_) begin_ = end_ = 0;
        if (storage_.size() - end_ < storage_.size() / 4) make_room();
        return {storage_.data() + end_, storage_.size() - end_};
    }

    void filled(std::size_t size) { end_ += size; }
    void drop(std::size_t size) { begin_ += size; }

private:
    static constexpr std::size_t initial_size = 2048;

    void make_room() {
        const std::size_t used = end_ - begin_;
        std::memmove(storage_.data(), storage_.data() + begin_, used);
        begin_ = 0;
        end_ = used;
        if (used > storage_.size() / 2) storage_.resize(storage_.size() * 2);
    }

    std::vector<char> storage_ = std::vector<char>(initial_size);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

} // namespace serve
