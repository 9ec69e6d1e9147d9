#include <hocket/detail/net/separator_search.hpp>

#include <algorithm>
#include <utility>

namespace hocket::detail {

namespace {

// The automaton for fifty separators takes 20 µs to build, longer than finding the end of a line.
// It is therefore built only for data longer than this.
constexpr std::size_t direct_search = 1024;

/// The match that ends first among those that begin in [from, to).
SeparatorMatch search_directly(std::string_view data, std::size_t from, std::size_t to,
                               const std::array<bool, 256>& is_first,
                               const std::vector<std::string>& separators) {
    SeparatorMatch match;
    for (std::size_t at = from; at < to; ++at) {
        if (!is_first[static_cast<unsigned char>(data[at])]) {
            continue;
        }
        for (const std::string& separator : separators) {
            const std::size_t end = at + separator.size();
            if (end <= (match.end != 0 ? match.end : data.size()) &&
                data.compare(at, separator.size(), separator) == 0) {
                match = {at, end};
                to = end; // a match that begins after this end also ends later
            }
        }
    }
    return match;
}

} // namespace

SeparatorSearch::SeparatorSearch(std::vector<std::string> separators)
    : separators_(std::move(separators)) {
    for (const std::string& separator : separators_) {
        longest_ = std::max(longest_, separator.size());
        is_first_[static_cast<unsigned char>(separator.front())] = true;
    }
}

// Breadth first: the fallback of a node is shorter than the node, so it already exists.
void SeparatorSearch::build_nodes() {
    struct Group { // the separators that begin with a node; they are sorted, so they are adjacent
        std::size_t first;
        std::size_t last;
        std::size_t length; // of the node
    };
    std::sort(separators_.begin(), separators_.end());
    std::vector<Group> groups{{0, separators_.size(), 0}};
    nodes_.emplace_back();
    for (NodeIndex parent = 0; parent < nodes_.size(); ++parent) {
        const Group group = groups[parent];
        nodes_[parent].first_child = static_cast<NodeIndex>(nodes_.size());
        for (std::size_t i = group.first; i < group.last;) {
            if (separators_[i].size() == group.length) { // it ends at this node
                ++i;
                continue;
            }
            const std::size_t first = i;
            const char byte = separators_[first][group.length];
            while (i < group.last && separators_[i][group.length] == byte) {
                ++i;
            }
            Node node;
            node.last_byte = static_cast<unsigned char>(byte);
            if (parent != 0) {
                node.fallback = next(nodes_[parent].fallback, node.last_byte);
            }
            node.match = nodes_[node.fallback].match;
            if (node.match == 0 && separators_[first].size() == group.length + 1) {
                node.match = static_cast<std::uint32_t>(group.length + 1);
            }
            nodes_.push_back(node);
            groups.push_back({first, i, group.length + 1});
        }
        nodes_[parent].last_child = static_cast<NodeIndex>(nodes_.size());
    }
}

// Returns 0 if there is none: the root is never a child.
SeparatorSearch::NodeIndex SeparatorSearch::child(NodeIndex node,
                                                  unsigned char byte) const noexcept {
    const auto first = nodes_.begin() + nodes_[node].first_child;
    const auto last = nodes_.begin() + nodes_[node].last_child;
    const auto found = std::lower_bound(
        first, last, byte, [](const Node& each, unsigned char b) { return each.last_byte < b; });
    return found != last && found->last_byte == byte
               ? static_cast<NodeIndex>(found - nodes_.begin())
               : 0;
}

SeparatorSearch::NodeIndex SeparatorSearch::next(NodeIndex node,
                                                 unsigned char byte) const noexcept {
    for (;; node = nodes_[node].fallback) {
        if (const NodeIndex longer = child(node, byte); longer != 0 || node == 0) {
            return longer;
        }
    }
}

SeparatorMatch SeparatorSearch::search(std::string_view data) {
    if (separators_.size() == 1) {
        return search_for_one(data);
    }
    if (nodes_.empty()) {
        const std::size_t to = std::min(data.size(), direct_search);
        const SeparatorMatch match = search_directly(data, searched_, to, is_first_, separators_);
        if (match.end != 0) {
            return match;
        }
        // The last bytes may be the beginning of a separator.
        searched_ = std::min(to, data.size() + 1 > longest_ ? data.size() + 1 - longest_ : 0);
        if (data.size() <= direct_search) {
            return {};
        }
        build_nodes();
    }
    NodeIndex state = state_;
    for (std::size_t at = searched_; at < data.size(); ++at) {
        const auto byte = static_cast<unsigned char>(data[at]);
        if (state == 0 && !is_first_[byte]) {
            continue;
        }
        state = next(state, byte);
        if (const std::size_t length = nodes_[state].match; length != 0) {
            return {at + 1 - length, at + 1};
        }
    }
    state_ = state;
    searched_ = data.size();
    return {};
}

// The standard library's search is faster than going byte by byte.
SeparatorMatch SeparatorSearch::search_for_one(std::string_view data) {
    const std::string& separator = separators_.front();
    const std::size_t begin = data.find(separator, searched_);
    if (begin != std::string_view::npos) {
        return {begin, begin + separator.size()};
    }
    // The last bytes may be the beginning of the separator.
    searched_ = data.size() + 1 > separator.size() ? data.size() + 1 - separator.size() : 0;
    return {};
}

} // namespace hocket::detail
