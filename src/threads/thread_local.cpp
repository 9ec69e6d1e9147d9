#include <hocket/thread_local.hpp>

#include <mutex>
#include <vector>

#include <hocket/errors.hpp>

#include "loop/fork_safe_mutex.hpp"

namespace hocket::detail {

// Outlives its ThreadLocal, because the tables of threads that have not ended refer to it.
class ThreadLocalBase::Values {
public:
    void add(ThreadLocalValue& value) {
        const std::scoped_lock lock(mutex_);
        list_.push_back(value);
    }
    /// Removes `value`, which its thread then destroys; nullptr if it was destroyed with the
    /// ThreadLocal.
    std::unique_ptr<ThreadLocalValue> take(ThreadLocalValue* value) {
        const std::scoped_lock lock(mutex_);
        if (closed_) {
            return nullptr;
        }
        list_.erase(*value);
        return std::unique_ptr<ThreadLocalValue>(value);
    }
    void close() {
        engine::IntrusiveList<ThreadLocalValue> left;
        {
            const std::scoped_lock lock(mutex_);
            closed_ = true;
            left.take(list_);
        }
        while (ThreadLocalValue* value = left.pop_front()) {
            delete value;
        }
    }

private:
    std::mutex mutex_;
    engine::IntrusiveList<ThreadLocalValue> list_;
    bool closed_ = false;
};

namespace {

/// Allocates the indices in the threads' tables; those of destroyed ThreadLocals are reused.
class Places {
public:
    std::pair<std::size_t, std::uint64_t> take() {
        const std::scoped_lock lock(mutex_);
        if (free_.empty()) {
            free_.push_back(count_++);
        }
        const std::size_t index = free_.back();
        free_.pop_back();
        return {index, ++last_id_};
    }
    void give_back(std::size_t index) {
        const std::scoped_lock lock(mutex_);
        free_.push_back(index);
    }

private:
    ForkSafeMutex mutex_;
    std::vector<std::size_t> free_;
    std::size_t count_ = 0;
    std::uint64_t last_id_ = 0;
};

Places& places() {
    static auto* const all = new Places; // never destroyed: static ThreadLocals may end later
    return *all;
}

/// One thread's values.
class Table {
public:
    ~Table() {
        // Destroying a value may create others.
        while (!entries_.empty()) {
            const Entry last = std::move(entries_.back());
            entries_.pop_back();
            if (last.values) {
                last.values->take(last.value);
            }
        }
        gone = true;
    }

    [[nodiscard]] ThreadLocalValue* find(std::size_t index, std::uint64_t id) const noexcept {
        return index < entries_.size() && entries_[index].id == id ? entries_[index].value
                                                                   : nullptr;
    }
    void keep(std::size_t index, std::uint64_t id, ThreadLocalValue& value,
              std::shared_ptr<ThreadLocalBase::Values> values) {
        if (index >= entries_.size()) {
            entries_.resize(index + 1);
        }
        entries_[index] = {id, &value, std::move(values)};
    }

    static thread_local bool gone;

private:
    struct Entry {
        std::uint64_t id = 0;
        ThreadLocalValue* value = nullptr;
        std::shared_ptr<ThreadLocalBase::Values> values;
    };
    std::vector<Entry> entries_;
};

thread_local bool Table::gone = false;
thread_local Table table;

} // namespace

ThreadLocalBase::ThreadLocalBase() : values_(std::make_shared<Values>()) {
    const auto [index, id] = places().take();
    index_ = index;
    id_ = id;
}

ThreadLocalBase::~ThreadLocalBase() {
    values_->close();
    places().give_back(index_);
}

ThreadLocalValue* ThreadLocalBase::find() const noexcept {
    return Table::gone ? nullptr : table.find(index_, id_);
}

ThreadLocalValue& ThreadLocalBase::keep(std::unique_ptr<ThreadLocalValue> value) {
    if (Table::gone) {
        throw RuntimeError(
            "this thread is ending: its ThreadLocal values have already been destroyed");
    }
    table.keep(index_, id_, *value, values_);
    values_->add(*value);
    return *value.release();
}

} // namespace hocket::detail
