#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::detail {

struct SeparatorMatch {
    std::size_t begin = 0;
    std::size_t end = 0; // 0: nothing was found
};

/// Looks for the first of several separators in bytes that arrive piece by piece. With more than
/// one separator each byte is looked at once, however many there are and however the bytes are
/// split (the algorithm of Aho and Corasick).
class SeparatorSearch {
public:
    /// At least one separator, none of them empty.
    explicit SeparatorSearch(std::vector<std::string> separators);

    /// `data` is what the previous call got, and perhaps more behind it. Of all occurrences the one
    /// that ends first; of those with the same end the shortest. Not to be called after a match.
    [[nodiscard]] SeparatorMatch search(std::string_view data);
    [[nodiscard]] std::size_t longest() const noexcept { return longest_; }

private:
    /// A beginning of one or more separators. Nodes are in order of their length, children of one
    /// node side by side and in order of their last bytes.
    struct Node {
        std::uint32_t first_child = 0;
        std::uint32_t last_child = 0; // one behind
        std::uint32_t fallback = 0;   // the longest of its proper suffixes that is a node too
        std::uint32_t match = 0;      // the length of the shortest separator that it ends with
        unsigned char last_byte = 0;
    };
    using NodeIndex = std::uint32_t;

    void build_nodes();
    [[nodiscard]] NodeIndex child(NodeIndex node, unsigned char byte) const noexcept;
    [[nodiscard]] NodeIndex next(NodeIndex node, unsigned char byte) const noexcept;
    SeparatorMatch search_for_one(std::string_view data);

    std::vector<std::string> separators_; // sorted
    std::size_t longest_ = 0;
    std::size_t searched_ = 0;
    NodeIndex state_ = 0;              // the longest node that what was searched ends with
    std::vector<Node> nodes_;          // 0 is the empty beginning; unused with one separator
    std::array<bool, 256> is_first_{}; // whether a separator begins with this byte
};

} // namespace hocket::detail
