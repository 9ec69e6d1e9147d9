#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <hocket/detail/processes/pool/pool_map.hpp>
#include <hocket/detail/threads/completion_queue.hpp>
#include <hocket/process_pool_executor.hpp>

namespace hocket::detail {

/// Returned by Pool::imap: an input range that produces the results on demand. It can be iterated
/// once, by one thread. However long the input is, only a few chunks for each worker are in flight
/// at a time. If `Range` is an lvalue reference, the input is not copied. Must not outlive the
/// pool.
template <class F, class Range> class ImapResults {
    using Item = RangeItem<Range>;
    using R = ItemResult<Passing::whole, F, Item>;
    static_assert(!std::is_void_v<R>, "hocket: imap needs a function that returns something; map "
                                      "takes one that does not");
    using Chunk = Future<std::vector<R>>;

public:
    class Iterator {
    public:
        using value_type = R;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        Iterator() noexcept = default;
        explicit Iterator(ImapResults& results) : results_(&results) { ++*this; }
        R& operator*() const { return *results_->current_; }
        Iterator& operator++() {
            results_->current_ = results_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept {
            return !results_->current_;
        }

    private:
        ImapResults* results_ = nullptr;
    };

    ImapResults(ProcessPoolExecutor& executor, std::size_t chunks, const F& function, Range&& items,
                std::size_t chunksize, ResultOrder order)
        : executor_(&executor),
          most_chunks_(chunks),
          callee_(function),
          chunksize_(chunksize),
          order_(order),
          input_(std::make_unique<Input>(std::forward<Range>(items))) {
        submit_chunks();
    }

    /// Blocks until the next result is there; returns an empty optional after the last. Throws what
    /// the function threw for it (for any item of its chunk); later results can still be requested.
    std::optional<R> next() {
        while (position_ == results_.size()) {
            if (in_flight_ == 0) {
                if (submit_error_) {
                    std::rethrow_exception(std::exchange(submit_error_, nullptr));
                }
                return std::nullopt;
            }
            Chunk chunk = take_chunk_in_order();
            --in_flight_;
            submit_more();
            results_.clear();
            position_ = 0;
            results_ = chunk.result();
        }
        return std::move(results_[position_++]);
    }

    [[nodiscard]] Iterator begin() { return Iterator(*this); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    struct Input {
        explicit Input(Range&& range)
            : items(std::forward<Range>(range)), at(std::ranges::begin(items)) {}
        Range items;
        RangeIterator<Range> at; // of the next item
    };

    /// The input may throw, and so does a closed pool. Chunks in flight are delivered before the
    /// error.
    void submit_more() {
        if (submit_error_ || ended_) {
            return;
        }
        try {
            submit_chunks();
        } catch (...) {
            submit_error_ = std::current_exception();
            ended_ = true;
        }
    }
    void submit_chunks() {
        while (in_flight_ < most_chunks_ && input_->at != std::ranges::end(input_->items)) {
            const auto items =
                take_chunk<Item>(input_->at, std::ranges::end(input_->items), chunksize_);
            const Chunk chunk =
                executor_->submit(CallWithEach<Passing::whole, F, Item>(), callee_, items);
            ++in_flight_;
            if (order_ == ResultOrder::of_items) {
                in_order_.push_back(chunk);
            } else {
                chunk.add_done_callback(
                    [completed = completed_](const Chunk& done) { completed.put(done.state()); });
            }
        }
    }
    Chunk take_chunk_in_order() {
        if (order_ == ResultOrder::of_completion) {
            return Chunk(completed_.template get<FutureState<std::vector<R>>>());
        }
        Chunk first = std::move(in_order_.front());
        in_order_.pop_front();
        return first;
    }

    ProcessPoolExecutor* executor_;
    std::size_t most_chunks_;
    RemoteCallee<F> callee_;
    std::size_t chunksize_;
    ResultOrder order_;
    std::unique_ptr<Input> input_; // at a fixed address, because its iterator points into it
    std::size_t in_flight_ = 0;
    std::exception_ptr submit_error_;
    bool ended_ = false; // by an error
    std::deque<Chunk> in_order_;
    CompletionQueue completed_;
    std::vector<R> results_; // of the current chunk
    std::size_t position_ = 0;
    std::optional<R> current_;
};

} // namespace hocket::detail
