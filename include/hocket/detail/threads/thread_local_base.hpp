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

/// The part of a ThreadLocal that does not depend on its type: finds this thread's value and
/// destroys the values of threads that end. Its destructor destroys all values. May be used from
/// any thread.
class ThreadLocalBase {
public:
    ThreadLocalBase(const ThreadLocalBase&) = delete;
    ThreadLocalBase& operator=(const ThreadLocalBase&) = delete;

    class Values; // all threads' values of one ThreadLocal

protected:
    ThreadLocalBase();
    ~ThreadLocalBase();

    /// This thread's value; nullptr if it has none yet. Not inlined, because otherwise a compiler
    /// may keep the address of a thread-local variable across a suspension.
    [[nodiscard]] ThreadLocalValue* find() const noexcept;
    /// Stores `value` as this thread's value. The thread must not have one yet.
    ThreadLocalValue& keep(std::unique_ptr<ThreadLocalValue> value);

private:
    std::size_t index_; // of the value in each thread's table; reused after this is destroyed
    std::uint64_t id_;  // never reused
    std::shared_ptr<Values> values_;
};

} // namespace hocket::detail
