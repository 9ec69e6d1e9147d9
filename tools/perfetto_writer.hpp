#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "seen_tasks.hpp"

namespace hocket::tool {

/// Slices and instants with the same number are connected by arrows, in the order of time.
using ArrowNumber = std::uint64_t;
constexpr ArrowNumber no_arrow = 0;

/// What is shown of a slice when it is clicked on.
struct SliceDetails {
    std::string_view task = {};
    const Place* place = nullptr;
};

/// Writes a trace in Perfetto's format (perfetto.dev/docs/reference/trace-packet-proto), packet by
/// packet. Times are in nanoseconds; packets need not be in their order.
class PerfettoWriter {
public:
    using Track = std::uint64_t;

    /// Throws Problem if the file cannot be written, like all functions here.
    explicit PerfettoWriter(const std::string& path);

    Track add_process(std::uint32_t process, std::string_view name);
    Track add_thread(Track process_track, std::uint32_t process, std::uint32_t thread,
                     std::string_view name);

    void begin(Track track, std::uint64_t time, std::string_view name, ArrowNumber arrow = no_arrow,
               const SliceDetails& details = {});
    void end(Track track, std::uint64_t time);
    void instant(Track track, std::uint64_t time, std::string_view name, ArrowNumber arrow);

    /// Writes what is buffered.
    void close();
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    void event(Track track, std::uint64_t time, std::uint64_t type, std::string_view name,
               ArrowNumber arrow, const SliceDetails& details);
    void write_packet(const std::string& body);

    std::string path_;
    std::ofstream file_;
    std::uint64_t bytes_ = 0;
    Track last_track_ = 0;
    bool is_first_ = true;
    std::map<std::string, std::uint64_t, std::less<>> names_;
    std::map<std::string, std::uint64_t, std::less<>> places_;
};

} // namespace hocket::tool
