#include <hocket/errors.hpp>

#include <utility>

namespace hocket {

IncompleteReadError::IncompleteReadError(std::string partial, std::optional<std::size_t> expected)
    : std::runtime_error(std::to_string(partial.size()) + " bytes read on a total of " +
                         (expected ? std::to_string(*expected) : "undefined") + " expected bytes"),
      partial_(std::move(partial)),
      expected_(expected) {}

RemoteError::RemoteError(std::string type_name, std::string message, std::string where,
                         std::string stack)
    : RuntimeError(type_name + ": " + message + " (in " + where + ")" +
                   (stack.empty() ? "" : "\n" + stack)),
      type_name_(std::move(type_name)),
      message_(std::move(message)),
      where_(std::move(where)),
      stack_(std::move(stack)) {}

} // namespace hocket
