#include <hocket/exception_group.hpp>

#include <typeinfo>

#include <cxxabi.h>

#include <hocket/errors.hpp>

#include "engine/demangled.hpp"

namespace hocket {

namespace {

std::string type_name(const std::type_info* type) {
    if (type == nullptr) {
        return "an unknown exception";
    }
    return demangled(type->name());
}

std::string indented(const std::string& text) {
    std::string result;
    for (const char c : text) {
        result += c;
        if (c == '\n') {
            result += "  ";
        }
    }
    return result;
}

} // namespace

std::string describe_exception(const std::exception_ptr& error) {
    if (!error) {
        return "no exception";
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return type_name(&typeid(e)) + ": " + e.what();
    } catch (const CancelledError& e) {
        return e.message().empty() ? "hocket::CancelledError"
                                   : "hocket::CancelledError: " + e.message();
    } catch (...) {
        return type_name(abi::__cxa_current_exception_type());
    }
}

ExceptionGroup::ExceptionGroup(std::string message, std::vector<std::exception_ptr> exceptions)
    : message_(std::move(message)), exceptions_(std::move(exceptions)) {
    if (exceptions_.empty()) {
        throw ValueError("an ExceptionGroup needs at least one exception");
    }
    what_ = message_ + " (" + std::to_string(exceptions_.size()) +
            (exceptions_.size() == 1 ? " sub-exception)" : " sub-exceptions)");
    for (const std::exception_ptr& error : exceptions_) {
        if (!error) {
            throw ValueError("an ExceptionGroup cannot hold a null exception_ptr");
        }
        what_ += "\n  " + indented(describe_exception(error));
    }
}

std::pair<std::optional<ExceptionGroup>, std::optional<ExceptionGroup>>
ExceptionGroup::split_by(const Predicate& matches) const {
    std::vector<std::exception_ptr> matching;
    std::vector<std::exception_ptr> others;
    for (const std::exception_ptr& error : exceptions_) {
        try {
            std::rethrow_exception(error);
        } catch (const ExceptionGroup& nested) {
            if (matches(error)) {
                matching.push_back(error);
                continue;
            }
            auto [inside, outside] = nested.split_by(matches);
            if (inside) {
                matching.push_back(std::make_exception_ptr(*std::move(inside)));
            }
            if (outside) {
                others.push_back(std::make_exception_ptr(*std::move(outside)));
            }
        } catch (...) {
            (matches(error) ? matching : others).push_back(error);
        }
    }
    const auto group = [this](std::vector<std::exception_ptr>& part) {
        return part.empty() ? std::optional<ExceptionGroup>()
                            : ExceptionGroup(message_, std::move(part));
    };
    auto first = group(matching);
    return {std::move(first), group(others)};
}

} // namespace hocket
