#pragma once

#include "python.hpp"

#include <memory>
#include <vector>

#include "engine/poller.hpp"

#include "handle.hpp"

namespace hocket::python {

/// The reader and the writer of a descriptor, which belongs to somebody else.
class DescriptorWatch final : public engine::Watcher {
public:
    explicit DescriptorWatch(LoopObject& loop) noexcept : loop_(loop) {}
    ~DescriptorWatch();

    void on_ready(std::uint32_t events) noexcept override;

    /// The handle of EPOLLIN or EPOLLOUT; the watch owns a reference.
    [[nodiscard]] HandleObject*& handle_for(std::uint32_t event) noexcept {
        return event == readable ? reader_ : writer_;
    }
    [[nodiscard]] HandleObject* reader() const noexcept { return reader_; }
    [[nodiscard]] HandleObject* writer() const noexcept { return writer_; }

    /// The object that it was given in place of a number, by which it is found when the object is
    /// closed.
    Ref file;

private:
    void make_ready(std::uint32_t event) noexcept;

    LoopObject& loop_;
    HandleObject* reader_ = nullptr;
    HandleObject* writer_ = nullptr;
};

/// All descriptors that a loop watches for Python code, by number.
class DescriptorWatches {
public:
    [[nodiscard]] DescriptorWatch* find(int fd) const noexcept {
        const auto index = static_cast<std::size_t>(fd);
        return index < by_number_.size() ? by_number_[index].get() : nullptr;
    }
    /// The number under which `file` was added; -1 if it was not.
    [[nodiscard]] int find(PyObject* file) const noexcept;
    /// Throws std::bad_alloc.
    void add(int fd, std::unique_ptr<DescriptorWatch> watch);
    void remove(int fd) noexcept { by_number_[static_cast<std::size_t>(fd)].reset(); }
    void clear() noexcept {
        // What a handle lets go of may look here.
        const auto removed = std::exchange(by_number_, {});
    }

    template <class Visit> void for_each(Visit visit) const {
        for (const auto& watch : by_number_) {
            if (watch) {
                visit(*watch);
            }
        }
    }

private:
    std::vector<std::unique_ptr<DescriptorWatch>> by_number_;
};

} // namespace hocket::python
