#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace hocket::detail {

/// An input iterator over a source whose `pull()` returns the next value as a std::optional, empty
/// at the end. Equals std::default_sentinel at the end.
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
