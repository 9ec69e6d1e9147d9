#include <hocket/detail/threads/future_completions.hpp>

#include <condition_variable>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/errors.hpp>

#include "sync/timed_wait.hpp"

namespace hocket::detail {

namespace {

std::optional<std::chrono::steady_clock::time_point>
deadline(std::optional<std::chrono::nanoseconds> timeout) {
    if (!timeout) {
        return std::nullopt;
    }
    return deadline_after(*timeout);
}

} // namespace

class FutureCompletions::State {
public:
    State(std::vector<FutureStateBase*> futures, std::optional<std::chrono::nanoseconds> timeout);
    ~State();

    std::optional<std::size_t> next();
    void wait(ReturnWhen return_when);

private:
    class Link final : public FutureWaiter {
    public:
        bool on_done() noexcept override;
        State* completions = nullptr;
    };

    std::optional<std::size_t> take();
    bool help();

    const std::vector<FutureStateBase*> futures_;
    const std::unique_ptr<Link[]> links_;
    const std::optional<std::chrono::steady_clock::time_point> deadline_;
    std::size_t taken_ = 0;
    std::size_t helped_ = 0; // run_here() has been called for the futures up to this one

    std::mutex mutex_; // guards order_
    std::condition_variable changed_;
    std::vector<std::size_t> order_;
};

FutureCompletions::State::State(std::vector<FutureStateBase*> futures,
                                std::optional<std::chrono::nanoseconds> timeout)
    : futures_(std::move(futures)),
      links_(std::make_unique<Link[]>(futures_.size())),
      deadline_(deadline(timeout)) {
    order_.reserve(futures_.size()); // completing a future must not throw bad_alloc
    for (std::size_t i = 0; i < futures_.size(); ++i) {
        links_[i].completions = this;
        if (!futures_[i]->add_waiter(links_[i])) {
            const std::scoped_lock lock(mutex_); // other futures may complete meanwhile
            order_.push_back(i);
        }
    }
}

FutureCompletions::State::~State() {
    for (std::size_t i = 0; i < futures_.size(); ++i) {
        futures_[i]->remove_waiter(links_[i]);
    }
}

bool FutureCompletions::State::Link::on_done() noexcept {
    State& all = *completions;
    const std::scoped_lock lock(all.mutex_);
    all.order_.push_back(static_cast<std::size_t>(this - all.links_.get()));
    all.changed_.notify_one();
    return false;
}

/// If this thread is a worker of the futures' executor, does the work of one of them instead of
/// waiting.
bool FutureCompletions::State::help() {
    if (deadline_) {
        return false; // the work could not be interrupted at the deadline
    }
    while (helped_ < futures_.size()) {
        if (futures_[helped_++]->run_here()) {
            return true;
        }
    }
    return false;
}

std::optional<std::size_t> FutureCompletions::State::take() {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return taken_ < order_.size(); };
    if (!deadline_) {
        changed_.wait(lock, ready);
    } else if (!timed_wait(changed_, lock, *deadline_, ready)) {
        return std::nullopt;
    }
    return order_[taken_++];
}

std::optional<std::size_t> FutureCompletions::State::next() {
    if (taken_ == futures_.size()) {
        return std::nullopt;
    }
    const auto none_ready = [this] {
        const std::scoped_lock lock(mutex_);
        return taken_ == order_.size();
    };
    if (none_ready()) {
        help();
    }
    if (const auto index = take()) {
        return index;
    }
    throw TimeoutError("as_completed: timed out with " + std::to_string(futures_.size() - taken_) +
                       " of " + std::to_string(futures_.size()) + " futures not done");
}

void FutureCompletions::State::wait(ReturnWhen return_when) {
    while (taken_ < futures_.size()) {
        // Futures that were done before this call are taken without waiting, also for
        // FIRST_COMPLETED.
        std::optional<std::size_t> index;
        try {
            index = next();
        } catch (const TimeoutError&) {
            return;
        }
        if (return_when == ReturnWhen::FIRST_COMPLETED ||
            (return_when == ReturnWhen::FIRST_EXCEPTION && futures_[*index]->error() != nullptr)) {
            return;
        }
    }
}

FutureCompletions::FutureCompletions(std::vector<FutureStateBase*> futures,
                                     std::optional<std::chrono::nanoseconds> timeout)
    : state_(std::make_unique<State>(std::move(futures), timeout)) {}
FutureCompletions::FutureCompletions(FutureCompletions&&) noexcept = default;
FutureCompletions& FutureCompletions::operator=(FutureCompletions&&) noexcept = default;
FutureCompletions::~FutureCompletions() = default;

std::optional<std::size_t> FutureCompletions::next() { return state_->next(); }
void FutureCompletions::wait(ReturnWhen return_when) { state_->wait(return_when); }

std::vector<bool> first_ones(const std::vector<FutureStateBase*>& futures) {
    std::unordered_set<const FutureStateBase*> seen;
    std::vector<bool> first;
    first.reserve(futures.size());
    for (const FutureStateBase* const future : futures) {
        first.push_back(seen.insert(future).second);
    }
    return first;
}

} // namespace hocket::detail
