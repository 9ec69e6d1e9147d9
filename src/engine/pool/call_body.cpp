#include "engine/pool/call_body.hpp"

#include <cstring>
#include <utility>

#include "engine/huge_pages.hpp"

namespace hocket::engine {

void CallBody::copy_to(std::byte* to) const noexcept {
    if (kept_ != nullptr) {
        std::memcpy(to, kept_->data(), kept_->size());
        return;
    }
    for (const auto& range : ranges_) {
        if (!range.empty()) {
            std::memcpy(to, range.data(), range.size());
            to += range.size();
        }
    }
}

std::string CallBody::take() const {
    if (kept_ != nullptr) {
        return std::exchange(*kept_, {});
    }
    std::string all;
    all.reserve(size_);
    prefer_huge_pages(all.data(), size_);
    for (const auto& range : ranges_) {
        all.append(range.data(), range.size());
    }
    return all;
}

} // namespace hocket::engine
