#pragma once

namespace hocket::engine {

/// A member of an object that makes calls which may destroy the object. A Watch on the caller's
/// stack says afterwards whether that happened.
class Lifetime {
public:
    Lifetime() noexcept = default;
    Lifetime(const Lifetime&) = delete;
    Lifetime& operator=(const Lifetime&) = delete;
    ~Lifetime() {
        for (Watch* watch = innermost_; watch != nullptr; watch = watch->outer_) {
            watch->lifetime_ = nullptr;
        }
    }

// g++ 12 does not see that the destructor removes the address again.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif
    class Watch {
    public:
        explicit Watch(Lifetime& lifetime) noexcept
            : lifetime_(&lifetime), outer_(lifetime.innermost_) {
            lifetime.innermost_ = this;
        }
        ~Watch() {
            if (lifetime_ != nullptr) {
                lifetime_->innermost_ = outer_;
            }
        }
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

        [[nodiscard]] bool ended() const noexcept { return lifetime_ == nullptr; }

    private:
        friend class Lifetime;
        Lifetime* lifetime_;
        Watch* outer_;
    };
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

private:
    Watch* innermost_ = nullptr;
};

} // namespace hocket::engine
