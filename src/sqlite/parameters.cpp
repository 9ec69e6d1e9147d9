#include <hocket/sqlite/parameters.hpp>

#include <hocket/sqlite/errors.hpp>

namespace hocket::sqlite {

void Parameters::add(Value value) {
    if (are_named()) {
        throw ProgrammingError("a parameter without a name cannot follow one with a name");
    }
    values_.push_back(std::move(value));
}

void Parameters::add(NamedValue value) {
    if (names_.size() != values_.size()) {
        throw ProgrammingError("a parameter with a name cannot follow one without: '" + value.name +
                               "'");
    }
    names_.push_back(std::move(value.name));
    values_.push_back(std::move(value.value));
}

} // namespace hocket::sqlite
