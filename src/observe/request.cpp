#include "observe/request.hpp"

#include <cstddef>

namespace hocket::observer {

namespace {

/// Reads the beginning of an array or a string and removes it from `bytes`.
std::optional<std::size_t> take_size(std::string_view& bytes, unsigned small, unsigned mask,
                                     unsigned code_16, std::optional<unsigned> code_8) {
    if (bytes.empty()) {
        return std::nullopt;
    }
    const auto at = [&bytes](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
    };
    std::size_t size = 0;
    std::size_t used = 1;
    if ((at(0) & ~std::size_t{mask}) == small) {
        size = at(0) & mask;
    } else if (code_8 && at(0) == *code_8 && bytes.size() >= 2) {
        size = at(1);
        used = 2;
    } else if (at(0) == code_16 && bytes.size() >= 3) {
        size = at(1) << 8 | at(2);
        used = 3;
    } else {
        return std::nullopt;
    }
    bytes.remove_prefix(used);
    return size;
}

} // namespace

std::optional<std::vector<std::string>> parse_request(std::string_view bytes) {
    const auto count = take_size(bytes, 0x90, 0x0f, 0xdc, std::nullopt);
    if (!count || *count > bytes.size()) { // each element has at least one byte
        return std::nullopt;
    }
    std::vector<std::string> words;
    words.reserve(*count);
    for (std::size_t i = 0; i < *count; ++i) {
        const auto size = take_size(bytes, 0xa0, 0x1f, 0xda, 0xd9);
        if (!size || *size > bytes.size()) {
            return std::nullopt;
        }
        words.emplace_back(bytes.substr(0, *size));
        bytes.remove_prefix(*size);
    }
    if (words.empty() || !bytes.empty()) {
        return std::nullopt;
    }
    return words;
}

} // namespace hocket::observer
