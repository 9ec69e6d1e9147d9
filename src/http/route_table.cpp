#include "http/route_table.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <hocket/errors.hpp>
#include <hocket/http/router.hpp>
#include <hocket/http/status_error.hpp>

#include "http/ascii.hpp"
#include "http/percent.hpp"

namespace hocket::http {

namespace detail {
namespace {

constexpr auto known_methods = std::to_array<std::string_view>(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"});

bool is_integer(std::string_view segment) noexcept {
    if (segment.starts_with('-')) segment.remove_prefix(1);
    return !segment.empty() && std::all_of(segment.begin(), segment.end(), is_digit);
}

[[noreturn]] void refuse_pattern(std::string_view pattern, const char* why) {
    throw ValueError("the pattern " + quoted(pattern) + " " + why);
}

/// The first segment of `path`, which begins with a slash; removes both.
std::string_view take_segment(std::string_view& path) noexcept {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

struct Parameter {
    std::string_view name;
    std::string_view type;
};

/// The parameter that a segment of a pattern is; empty if it is text.
std::optional<Parameter> parse_parameter(std::string_view segment, std::string_view pattern) {
    if (segment.find_first_of("{}") == std::string_view::npos) return std::nullopt;
    if (!segment.starts_with('{') || segment.find('}') != segment.size() - 1 ||
        segment.find('{', 1) != std::string_view::npos) {
        refuse_pattern(pattern, "has a brace that does not enclose a whole segment");
    }
    const std::string_view inside = segment.substr(1, segment.size() - 2);
    const std::size_t colon = std::min(inside.find(':'), inside.size());
    const Parameter parameter{inside.substr(0, colon), colon == inside.size()
                                                           ? std::string_view("str")
                                                           : inside.substr(colon + 1)};
    if (parameter.name.empty()) refuse_pattern(pattern, "has a parameter without a name");
    if (parameter.type != "str" && parameter.type != "int" && parameter.type != "path") {
        refuse_pattern(pattern, "has a parameter of an unknown type; known are str, int and path");
    }
    return parameter;
}

} // namespace

void throw_bad_param(std::string_view name, std::string_view value) {
    throw StatusError(404, std::string(name) + " is not a number in its range: " + quoted(value));
}

Handler* RouteTable::Endpoint::find(std::string_view method) const noexcept {
    for (const auto& [name, handler] : methods) {
        if (name == method) return handler.get();
    }
    return nullptr;
}

void RouteTable::add(std::string_view method, std::string_view pattern,
                     std::shared_ptr<Handler> handler) {
    if (method.empty() || !std::all_of(method.begin(), method.end(), is_token)) {
        throw ValueError("the method " + quoted(method) + " is not a token");
    }
    if (!pattern.starts_with('/')) refuse_pattern(pattern, "does not begin with a slash");

    Node* node = &root_;
    std::unique_ptr<Endpoint>* end = nullptr;
    std::vector<std::string> names;
    for (std::string_view rest = pattern; !rest.empty();) {
        if (end != nullptr) refuse_pattern(pattern, "goes on after a parameter of type path");
        const std::string_view segment = take_segment(rest);
        const auto parameter = parse_parameter(segment, pattern);
        if (!parameter) {
            auto& next = node->texts[std::string(segment)];
            if (!next) next = std::make_unique<Node>();
            node = next.get();
            continue;
        }
        names.emplace_back(parameter->name);
        if (std::count(names.begin(), names.end(), names.back()) > 1) {
            refuse_pattern(pattern, "has two parameters of one name");
        }
        if (parameter->type == "path") {
            end = &node->rest;
        } else {
            auto& next = parameter->type == "int" ? node->integer : node->segment;
            if (!next) next = std::make_unique<Node>();
            node = next.get();
        }
    }
    if (end == nullptr) end = &node->end;
    if (!*end) *end = std::make_unique<Endpoint>();
    Endpoint& endpoint = **end;
    if (!endpoint.methods.empty() && endpoint.names != names) {
        refuse_pattern(pattern, "has other names for its parameters than an earlier route");
    }
    if (endpoint.find(method) != nullptr) refuse_pattern(pattern, "has a handler for this method");
    endpoint.names = std::move(names);
    endpoint.methods.emplace_back(method, std::move(handler));
    endpoint.allow.clear();
    const auto allow = [&](std::string_view name) {
        endpoint.allow += endpoint.allow.empty() ? "" : ", ";
        endpoint.allow += name;
    };
    for (const auto& [name, kept] : endpoint.methods) allow(name);
    if (endpoint.find("GET") != nullptr && endpoint.find("HEAD") == nullptr) allow("HEAD");
    if (endpoint.find("OPTIONS") == nullptr) allow("OPTIONS");
    if (endpoint.names.empty()) plain_[std::string(pattern)] = &endpoint;
}

const RouteTable::Endpoint* RouteTable::search(const Node& node, std::string_view path,
                                               Values& values) {
    if (path.empty()) return node.end.get();
    std::string_view rest = path;
    const std::string_view segment = take_segment(rest);
    if (const auto found = node.texts.find(segment); found != node.texts.end()) {
        if (const Endpoint* end = search(*found->second, rest, values)) return end;
    }
    const auto descend = [&](const std::unique_ptr<Node>& next) -> const Endpoint* {
        if (!next) return nullptr;
        values.push_back(segment);
        const Endpoint* const end = search(*next, rest, values);
        if (end == nullptr) values.pop_back();
        return end;
    };
    if (is_integer(segment)) {
        if (const Endpoint* end = descend(node.integer)) return end;
    }
    if (!segment.empty()) {
        if (const Endpoint* end = descend(node.segment)) return end;
    }
    if (node.rest) values.push_back(path.substr(1));
    return node.rest.get();
}

RouteMatch RouteTable::match(const Endpoint& endpoint, std::string_view method) const {
    if (Handler* const handler = endpoint.find(method)) return {handler};
    if (method == "HEAD") {
        if (Handler* const handler = endpoint.find("GET")) return {handler};
    }
    if (method == "OPTIONS") return {nullptr, 200, endpoint.allow};
    const bool is_known =
        std::find(known_methods.begin(), known_methods.end(), method) != known_methods.end();
    return {nullptr, is_known ? 405 : 501, endpoint.allow};
}

RouteMatch RouteTable::find(Request& request) const {
    request.params_.clear();
    if (const auto found = plain_.find(request.path()); found != plain_.end()) {
        return match(*found->second, request.method());
    }
    Values values;
    const Endpoint* const endpoint =
        request.path().starts_with('/') ? search(root_, request.path(), values) : nullptr;
    if (endpoint == nullptr) {
        if (request.path() == "*" && request.method() == "OPTIONS") return {nullptr, 200};
        return {nullptr, 404};
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto decoded = percent_decode(values[i]);
        if (!decoded) return {nullptr, 400};
        request.params_.emplace_back(endpoint->names[i], std::move(*decoded));
    }
    return match(*endpoint, request.method());
}

} // namespace detail

Handler::~Handler() = default;
bool Handler::answer_now(Request&, Response&) { return false; }

Router::Router() : table_(std::make_shared<detail::RouteTable>()) {}

void Router::add(std::string_view method, std::string_view pattern,
                 std::shared_ptr<Handler> handler) {
    table_->add(method, pattern, std::move(handler));
}

} // namespace hocket::http
