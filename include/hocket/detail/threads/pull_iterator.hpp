#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace hocket::detail {

/// An input iterator over a source whose `pull()` hands out one value after another as a
/// std::optional, and nothing at its end. Ends where it equals std::default_sentinel.
template <class Source> class PullIterator {
public:
    using value_type = typename Source::value_type;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    PullIterator() = default;
    explicit PullIterator(Source& source) : source_(&source) { ++*this; }

    value_type& operator*() const noexcept { return *value_; }
    PullIterator& operator++() {
        value_ = source_->pull();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const PullIterator& iterator, std::default_sentinel_t) noexcept {
        return !iterator.value_;
    }

private:
    Source* source_ = nullptr;
    mutable std::optional<value_type> value_;
};

} // namespace hocket::detail
