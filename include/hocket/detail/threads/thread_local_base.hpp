#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <hocket/engine/intrusive_list.hpp>

namespace hocket::detail {

/// One thread's value of one ThreadLocal.
class ThreadLocalValue : public engine::ListLink {
public:
    virtual ~ThreadLocalValue() = default;
};

/// A ThreadLocal but for the type: finds this thread's value, and destroys the values of threads
/// that end, and all of them as it goes itself. Any thread.
class ThreadLocalBase {
public:
    ThreadLocalBase(const ThreadLocalBase&) = delete;
    ThreadLocalBase& operator=(const ThreadLocalBase&) = delete;

    class Values; // all threads' values of one ThreadLocal

protected:
    ThreadLocalBase();
    ~ThreadLocalBase();

    /// This thread's value; nullptr when it has none yet. Not inlined: a compiler may otherwise
    /// keep a thread's address of it across a suspension.
    [[nodiscard]] ThreadLocalValue* find() const noexcept;
    /// Keeps `value` as this thread's, which has none yet.
    ThreadLocalValue& keep(std::unique_ptr<ThreadLocalValue> value);

private:
    std::size_t index_; // of this thread's value in its table; used again after this is gone
    std::uint64_t id_;  // never used again
    std::shared_ptr<Values> values_;
};

} // namespace hocket::detail
