#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <hocket/http/handler.hpp>

namespace hocket::http::detail {

/// The outcome of a search: a handler, or the status of the answer instead.
struct RouteMatch {
    Handler* handler = nullptr;
    int status = 0;
    std::string_view allow = {}; ///< For 405, and for 200 as the answer to OPTIONS.
};

/// The routes of a Router.
class RouteTable {
public:
    void add(std::string_view method, std::string_view pattern, std::shared_ptr<Handler> handler);

    /// Also sets the request's parameters.
    [[nodiscard]] RouteMatch find(Request& request) const;

private:
    enum class Kind { text, integer, segment, rest };

    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    /// What is at the end of a path: a handler for each method.
    struct Endpoint {
        std::vector<std::pair<std::string, std::shared_ptr<Handler>>> methods;
        std::vector<std::string> names; // of the parameters
        std::string allow;

        [[nodiscard]] Handler* find(std::string_view method) const noexcept;
    };
    /// A segment of patterns, and what may follow it.
    struct Node {
        std::unordered_map<std::string, std::unique_ptr<Node>, Hash, std::equal_to<>> texts;
        std::unique_ptr<Node> integer;
        std::unique_ptr<Node> segment;
        std::unique_ptr<Endpoint> rest;
        std::unique_ptr<Endpoint> end; // if the path ends here
    };
    /// The segments of a path that parameters stand for.
    using Values = std::vector<std::string_view>;

    [[nodiscard]] static const Endpoint* search(const Node& node, std::string_view path,
                                                Values& values);
    [[nodiscard]] RouteMatch match(const Endpoint& endpoint, std::string_view method) const;

    Node root_;
    // Patterns without parameters, which need no walk.
    std::unordered_map<std::string, Endpoint*, Hash, std::equal_to<>> plain_;
};

} // namespace hocket::http::detail
