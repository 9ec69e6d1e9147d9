#pragma once

#include <cstddef>
#include <string>

#include <hocket/engine/file_descriptor.hpp>

#include "observe/answers.hpp"

namespace hocket::observer {

/// A connection to the observer. It answers one request after the other: frames, which are a
/// length (four bytes, least significant first) and so many bytes of msgpack, or HTTP requests for
/// the metrics.
class Connection {
public:
    enum class Speaks { frames, http };

    Connection(engine::FileDescriptor fd, Speaks language) noexcept;

    [[nodiscard]] int fileno() const noexcept { return fd_.fileno(); }
    /// What to poll for.
    [[nodiscard]] short events() const noexcept;
    /// Reads and writes what is possible now. Returns false if the connection is over.
    [[nodiscard]] bool advance();

private:
    [[nodiscard]] bool read_some();
    [[nodiscard]] bool write_some();
    [[nodiscard]] bool answer_frames();
    [[nodiscard]] bool answer_http();

    engine::FileDescriptor fd_;
    Speaks language_;
    std::string received_;
    std::string to_send_;
    std::size_t sent_ = 0;
    Session session_;
    bool ends_ = false; // once everything is sent
};

} // namespace hocket::observer
