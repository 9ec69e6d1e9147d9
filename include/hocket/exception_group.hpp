#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hocket {

/// Several exceptions thrown together, for example by a TaskGroup: Python's ExceptionGroup. Groups
/// may be nested.
class ExceptionGroup : public std::exception {
public:
    /// Throws ValueError if `exceptions` is empty or contains a null pointer.
    ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions);

    /// The message, the number of exceptions, and one line for each.
    [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const std::vector<std::exception_ptr>& exceptions() const noexcept {
        return exceptions_;
    }

    /// The part of this group that contains only exceptions of type E; nested groups keep their
    /// shape. Empty if there are none.
    template <class E> [[nodiscard]] std::optional<ExceptionGroup> subgroup() const {
        return split<E>().first;
    }
    /// The exceptions of type E, and all others.
    template <class E>
    [[nodiscard]] std::pair<std::optional<ExceptionGroup>, std::optional<ExceptionGroup>>
    split() const {
        return split_by([](const std::exception_ptr& error) {
            try {
                std::rethrow_exception(error);
            } catch (const E&) {
                return true;
            } catch (...) {
                return false;
            }
        });
    }

private:
    using Predicate = std::function<bool(const std::exception_ptr&)>;
    [[nodiscard]] std::pair<std::optional<ExceptionGroup>, std::optional<ExceptionGroup>>
    split_by(const Predicate& matches) const;

    std::string message_;
    std::vector<std::exception_ptr> exceptions_;
    std::string what_;
};

/// Returns "Type: message" for a report. Also names CancelledError and types that do not derive
/// from std::exception.
[[nodiscard]] std::string describe_exception(const std::exception_ptr& error);

} // namespace hocket
