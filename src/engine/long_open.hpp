#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/blocking_threads.hpp"
#include "engine/file_operation.hpp"

namespace hocket::engine {

/// An open that waits until another process acts: of a FIFO until its other end is opened, or of a
/// device. It runs on a thread of BlockingThreads::for_long_opens and owns all that it uses, so
/// that it can be abandoned while the call blocks.
class LongOpen final : private BlockingWork {
public:
    /// Begins the open that `operation` asks for, which must not be completed otherwise. Yields
    /// nullptr when there is no memory, or no thread can be started. `partner`, if open, stays open
    /// until the call has ended.
    [[nodiscard]] static std::shared_ptr<LongOpen> start(FileOperation& operation,
                                                         FileDescriptor partner) noexcept;

    LongOpen(FileOperation& operation, FileDescriptor partner);

    /// Detaches the operation, which this will neither complete nor touch. What is opened
    /// nevertheless is closed. Returns false when it was completed before. Loop's thread.
    [[nodiscard]] bool abandon() noexcept;

private:
    void perform() noexcept override;
    void unblock() noexcept;

    std::mutex mutex_;
    FileOperation* operation_; // nullptr once abandoned or completed
    const std::string path_;
    const FileRequest request_;
    FileDescriptor node_;            // the FIFO itself, which may be renamed or removed meanwhile
    FileDescriptor partner_;         // an open end of the FIFO
    std::shared_ptr<LongOpen> self_; // while a thread has it
};

} // namespace hocket::engine
