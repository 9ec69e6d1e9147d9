#include <hocket/barrier.hpp>

#include <string>

#include <hocket/errors.hpp>

namespace hocket {

Barrier::Barrier(std::ptrdiff_t parties) : parties_(static_cast<std::size_t>(parties)) {
    if (parties < 1) {
        throw ValueError("a Barrier needs at least 1 party, not " + std::to_string(parties));
    }
}

void Barrier::open() noexcept {
    phase_ = Phase::draining;
    for (std::size_t index = 0; inside_.has_waiting(); ++index) {
        static_cast<detail::BarrierWait&>(inside_.first_waiting()).index_ = index;
        inside_.grant_first();
    }
}

void Barrier::enter(detail::BarrierWait& wait) noexcept {
    inside_.add(wait);
    wait.inside_ = true;
    if (++count_ == parties_) {
        open();
    }
}

void Barrier::leave(detail::BarrierWait& wait) noexcept {
    inside_.remove(wait);
    if (--count_ == 0 && phase_ != Phase::broken) {
        phase_ = Phase::filling;
        admit_blocked();
    }
}

void Barrier::admit_blocked() noexcept {
    while (phase_ == Phase::filling && blocked_.has_waiting()) {
        auto& wait = static_cast<detail::BarrierWait&>(blocked_.first_waiting());
        blocked_.remove(wait);
        enter(wait);
    }
}

detail::Done Barrier::reset() {
    inside_.require_own_thread("Barrier");
    if (count_ == 0) {
        phase_ = Phase::filling;
        return {};
    }
    phase_ = Phase::resetting;
    while (inside_.has_waiting()) {
        inside_.grant_first();
    }
    return {};
}

detail::Done Barrier::abort() {
    inside_.require_own_thread("Barrier");
    phase_ = Phase::broken;
    while (inside_.has_waiting()) {
        inside_.grant_first();
    }
    blocked_.release_all(detail::Waiter::State::turned_away);
    return {};
}

namespace detail {

bool BarrierWait::await_ready() {
    if (barrier_.phase_ == Barrier::Phase::broken) {
        throw BrokenBarrierError("the Barrier is broken: it was aborted and has not been reset");
    }
    if (barrier_.phase_ != Barrier::Phase::filling || barrier_.count_ + 1 < barrier_.parties_) {
        return false;
    }
    barrier_.inside_.require_own_thread("Barrier");
    index_ = barrier_.count_;
    if (barrier_.count_ > 0) {
        barrier_.open();
    }
    return true;
}

bool BarrierWait::cancel(std::string_view message) noexcept {
    if (inside_ && state() == State::waiting) {
        --barrier_.count_;
    }
    return Waiter::cancel(message);
}

std::size_t BarrierWait::await_resume() {
    if (!has_waited()) {
        return index_;
    }
    bool passed = false;
    if (state() == State::granted) {
        passed = barrier_.phase_ == Barrier::Phase::draining;
        barrier_.leave(*this);
    }
    throw_if_not_granted("Barrier");
    if (!passed) {
        throw BrokenBarrierError("the Barrier was reset or aborted while this task was waiting");
    }
    return index_;
}

BarrierWait::operator Coro<std::size_t>() const {
    return await_in_coro<BarrierWait, Barrier&>(barrier_);
}

} // namespace detail

} // namespace hocket
