#include "event_names.hpp"

#include <cstdint>

#include "callable_name.hpp"

namespace hocket::tool {

using engine::TraceKind;

std::string text_after(const std::vector<TracedEvent>& events, std::size_t at) {
    std::string text;
    for (++at; at < events.size() && events[at].kind == TraceKind::text; ++at) {
        for (std::uint64_t rest = events[at].value; rest != 0; rest >>= 8) {
            text += static_cast<char>(rest & 0xff);
        }
    }
    return text;
}

std::string name_of_submission(const std::vector<TracedEvent>& events, std::size_t at,
                               const TraceNames& names) {
    std::string function;
    if (at + 1 < events.size() && events[at + 1].kind == TraceKind::function) {
        ++at;
        if (const auto found = names.functions.find(events[at].value);
            found != names.functions.end()) {
            function = found->second;
        }
    }
    std::string given = text_after(events, at);
    return given.empty() ? function : given;
}

std::string name_of_work(const std::vector<TracedEvent>& events, std::size_t at,
                         const TraceNames& names) {
    std::string name;
    for (++at; at < events.size() && events[at].kind != TraceKind::run_end; ++at) {
        if (events[at].kind == TraceKind::type) {
            const auto type = names.types.find(events[at].value);
            return type == names.types.end() ? "work" : callable_name(type->second);
        }
        if (events[at].kind == TraceKind::function) {
            const auto function = names.functions.find(events[at].value);
            const bool is_template = name.empty();
            name = function == names.functions.end() ? "call" : callable_name(function->second);
            if (!is_template || name.find("(*)") == name.npos) {
                return name; // a pointer's own function follows
            }
        }
    }
    return name.empty() ? "work" : name;
}

} // namespace hocket::tool
