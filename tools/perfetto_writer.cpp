#include "perfetto_writer.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "observed_process.hpp"

namespace hocket::tool {

namespace {

/// A protobuf message, as far as a trace needs it.
class Message {
public:
    Message& number(unsigned field, std::uint64_t value) {
        tag(field, 0);
        varint(value);
        return *this;
    }
    Message& fixed(unsigned field, std::uint64_t value) {
        tag(field, 1);
        for (unsigned shift = 0; shift < 64; shift += 8) {
            bytes_ += static_cast<char>((value >> shift) & 0xff);
        }
        return *this;
    }
    Message& text(unsigned field, std::string_view value) {
        tag(field, 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    Message& message(unsigned field, const Message& value) { return text(field, value.bytes_); }

    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
    void tag(unsigned field, unsigned type) { varint(std::uint64_t{field} << 3 | type); }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) {
            bytes_ += static_cast<char>(value | 0x80);
        }
        bytes_ += static_cast<char>(value);
    }

    std::string bytes_;
};

// The numbers of the fields used here, by message, from perfetto/trace/perfetto_trace.proto.
namespace trace {
constexpr unsigned packet = 1;
}
namespace packet {
constexpr unsigned timestamp = 8;
constexpr unsigned sequence = 10;
constexpr unsigned track_event = 11;
constexpr unsigned interned_data = 12;
constexpr unsigned sequence_flags = 13;
constexpr unsigned track_descriptor = 60;
} // namespace packet
namespace track {
constexpr unsigned uuid = 1;
constexpr unsigned process = 3;
constexpr unsigned thread = 4;
constexpr unsigned parent = 5;
} // namespace track
namespace process {
constexpr unsigned pid = 1;
constexpr unsigned name = 6;
} // namespace process
namespace thread {
constexpr unsigned pid = 1;
constexpr unsigned tid = 2;
constexpr unsigned name = 5;
} // namespace thread
namespace event {
constexpr unsigned annotations = 4;
constexpr unsigned type = 9;
constexpr unsigned name_iid = 10;
constexpr unsigned track_uuid = 11;
constexpr unsigned place_iid = 34;
constexpr unsigned flows = 47;
} // namespace event
namespace annotation {
constexpr unsigned name = 10;
constexpr unsigned text = 6;
} // namespace annotation
namespace interned {
constexpr unsigned event_names = 2;
constexpr unsigned places = 4;
constexpr unsigned iid = 1;
constexpr unsigned text = 2;
constexpr unsigned file = 2;
constexpr unsigned function = 3;
constexpr unsigned line = 4;
} // namespace interned

constexpr std::uint64_t only_sequence = 1;
constexpr std::uint64_t state_cleared = 1;
constexpr std::uint64_t state_needed = 2;
enum EventType : std::uint64_t { slice_begin = 1, slice_end = 2, instant_event = 3 };

std::string packet_of(const Message& track_descriptor) {
    Message packet;
    packet.message(packet::track_descriptor, track_descriptor);
    packet.number(packet::sequence, only_sequence);
    return packet.bytes();
}

} // namespace

PerfettoWriter::PerfettoWriter(const std::string& path)
    : path_(path), file_(path, std::ios::binary | std::ios::trunc) {
    if (!file_) {
        throw Problem(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    }
}

void PerfettoWriter::write_packet(const std::string& body) {
    Message whole;
    whole.text(trace::packet, body);
    file_ << whole.bytes();
    bytes_ += whole.bytes().size();
    if (!file_) {
        throw Problem(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
    }
}

void PerfettoWriter::close() {
    file_.close();
    if (!file_) {
        throw Problem(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
    }
}

PerfettoWriter::Track PerfettoWriter::add_process(std::uint32_t pid, std::string_view name) {
    const Track added = ++last_track_;
    Message described;
    described.number(process::pid, pid).text(process::name, name);
    Message descriptor;
    descriptor.number(track::uuid, added).message(track::process, described);
    write_packet(packet_of(descriptor));
    return added;
}

PerfettoWriter::Track PerfettoWriter::add_thread(Track process_track, std::uint32_t pid,
                                                 std::uint32_t tid, std::string_view name) {
    const Track added = ++last_track_;
    Message described;
    described.number(thread::pid, pid).number(thread::tid, tid).text(thread::name, name);
    Message descriptor;
    descriptor.number(track::uuid, added)
        .number(track::parent, process_track)
        .message(track::thread, described);
    write_packet(packet_of(descriptor));
    return added;
}

void PerfettoWriter::begin(Track track, std::uint64_t time, std::string_view name,
                           ArrowNumber arrow, const SliceDetails& details) {
    event(track, time, slice_begin, name, arrow, details);
}

void PerfettoWriter::end(Track track, std::uint64_t time) {
    event(track, time, slice_end, {}, no_arrow, {});
}

void PerfettoWriter::instant(Track track, std::uint64_t time, std::string_view name,
                             ArrowNumber arrow) {
    event(track, time, instant_event, name, arrow, {});
}

// Names and places are written once, and meant by a number from then on.
void PerfettoWriter::event(Track track, std::uint64_t time, std::uint64_t type,
                           std::string_view name, ArrowNumber arrow, const SliceDetails& details) {
    Message new_texts;
    Message event;
    event.number(event::type, type).number(event::track_uuid, track);
    if (!name.empty()) {
        auto known = names_.find(name);
        if (known == names_.end()) {
            known = names_.emplace(name, names_.size() + 1).first;
            Message entry;
            entry.number(interned::iid, known->second).text(interned::text, name);
            new_texts.message(interned::event_names, entry);
        }
        event.number(event::name_iid, known->second);
    }
    if (details.place != nullptr && details.place->line != 0) {
        const std::string key = fmt::format("{}:{}", details.place->file, details.place->line);
        auto known = places_.find(key);
        if (known == places_.end()) {
            known = places_.emplace(key, places_.size() + 1).first;
            Message entry;
            entry.number(interned::iid, known->second)
                .text(interned::file, details.place->file)
                .text(interned::function, details.place->function)
                .number(interned::line, details.place->line);
            new_texts.message(interned::places, entry);
        }
        event.number(event::place_iid, known->second);
    }
    if (!details.task.empty()) {
        Message annotation;
        annotation.text(annotation::name, "task").text(annotation::text, details.task);
        event.message(event::annotations, annotation);
    }
    if (arrow != no_arrow) {
        event.fixed(event::flows, arrow);
    }
    Message packet;
    packet.number(packet::timestamp, time).number(packet::sequence, only_sequence);
    packet.number(packet::sequence_flags, is_first_ ? state_cleared | state_needed : state_needed);
    is_first_ = false;
    if (!new_texts.bytes().empty()) {
        packet.message(packet::interned_data, new_texts);
    }
    packet.message(packet::track_event, event);
    write_packet(packet.bytes());
}

} // namespace hocket::tool
