#include "observe/trace_answers.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "engine/demangled.hpp"
#include "engine/describe_frame.hpp"
#include "observe/answers.hpp"
#include "observe/literals.hpp"
#include "observe/msgpack_writer.hpp"

namespace hocket::observer {

namespace {

std::optional<std::uintptr_t> parse_address(std::string_view digits) {
    std::uintptr_t address = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), address, 16);
    return error == std::errc() && end == digits.end() ? std::optional(address) : std::nullopt;
}

/// Empty if nothing is known.
void write_name(MsgpackWriter& out, std::string_view kind, std::uintptr_t address) {
    if (kind == "place") {
        const std::optional<SourcePlace> place = place_at(address);
        out.array(place ? 3 : 0);
        if (place) {
            out.string(place->file);
            out.number(std::uint64_t{place->line});
            out.string(place->function);
        }
        return;
    }
    if (kind == "type") {
        const std::string name = literal_at(address).value_or("");
        out.array(name.empty() ? 0 : 1);
        if (!name.empty()) {
            out.string(engine::demangled(name.c_str()));
        }
        return;
    }
    // Frames are return addresses, and described by what is before them.
    const void* const frame = reinterpret_cast<const void*>(address + 1);
    const engine::CodeLocation location = engine::locate_frame(frame);
    out.array(3);
    out.string(engine::describe_frame(frame));
    out.string(location.module);
    out.number(std::uint64_t{location.offset});
}

} // namespace

std::string record(Session& session) {
    try {
        if (!session.recording) {
            session.recording.emplace();
        }
    } catch (const std::system_error& failure) {
        return error(std::string("cannot record a trace: ") + failure.what());
    }
    MsgpackWriter out;
    out.map(0);
    return out.bytes();
}

std::string names(std::span<const std::string> questions) {
    MsgpackWriter out;
    out.map(1);
    out.string("names");
    out.array(static_cast<std::uint32_t>(questions.size()));
    for (const std::string_view question : questions) {
        const std::size_t colon = question.find(':');
        const std::string_view kind = question.substr(0, colon);
        const auto address = parse_address(
            colon == std::string_view::npos ? std::string_view() : question.substr(colon + 1));
        if (!address || (kind != "place" && kind != "type" && kind != "function")) {
            return error("'" + std::string(question) +
                         "' is not place:, type: or function: and an address in hexadecimal");
        }
        write_name(out, kind, *address);
    }
    return out.bytes();
}

} // namespace hocket::observer
