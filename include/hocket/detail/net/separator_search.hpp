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
/// one separator, each byte is examined once, no matter how many separators there are and how the
/// bytes are split (the Aho-Corasick algorithm).
class SeparatorSearch {
public:
    /// Takes at least one separator; none may be empty.
    explicit SeparatorSearch(std::vector<std::string> separators);

    /// `data` must begin with the data of the previous call. Returns the occurrence that ends
    /// first, and among those with the same end the shortest. Must not be called after a match.
    [[nodiscard]] SeparatorMatch search(std::string_view data);
    [[nodiscard]] std::size_t longest() const noexcept { return longest_; }

private:
    /// A prefix of one or more separators. Nodes are ordered by length; the children of one node
    /// are adjacent and ordered by their last bytes.
    struct Node {
        std::uint32_t first_child = 0;
        std::uint32_t last_child = 0; // one past the last
        std::uint32_t fallback = 0;   // the longest proper suffix that is also a node
        std::uint32_t match = 0;      // length of the shortest separator at its end
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
    NodeIndex state_ = 0;              // the longest node at the end of the searched data
    std::vector<Node> nodes_;          // 0 is the empty prefix; unused with one separator
    std::array<bool, 256> is_first_{}; // whether a separator begins with this byte
};

} // namespace hocket::detail
