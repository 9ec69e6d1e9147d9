#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hocket {

/// Several exceptions at once: what a TaskGroup throws. Python's ExceptionGroup; groups may be
/// nested.
class ExceptionGroup : public std::exception {
public:
    /// Throws ValueError when `exceptions` is empty or holds a null pointer.
    ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions);

    /// The message, how many exceptions there are, and a line for each.
    [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] const std::vector<std::exception_ptr>& exceptions() const noexcept {
        return exceptions_;
    }

    /// The part of this group whose exceptions are an E (nested groups keep their shape); nothing
    /// when none is.
    template <class E> [[nodiscard]] std::optional<ExceptionGroup> subgroup() const {
        return split<E>().first;
    }
    /// What is an E, and the rest.
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

/// "Type: what it says", for a report. Names CancelledError and types that are no std::exception
/// too.
[[nodiscard]] std::string describe_exception(const std::exception_ptr& error);

} // namespace hocket
