#pragma once

#include <chrono>
#include <functional>

namespace hocket::sqlite {

/// Options of Connection::backup.
struct BackupOptions {
    /// How many pages are copied in a step; other statements run between the steps. -1: all in one.
    int pages = 256;
    /// The pause between two steps.
    std::chrono::milliseconds sleep{0};
    /// How long to wait in all while the source or the target is locked. Afterwards, it throws
    /// BusyError.
    std::chrono::milliseconds busy_timeout = std::chrono::seconds(5);
};

/// How far a backup is, in pages.
struct BackupProgress {
    int remaining = 0;
    int total = 0;
};

} // namespace hocket::sqlite
