#include <hocket/sqlite/row.hpp>

#include <hocket/errors.hpp>
#include <hocket/sqlite/errors.hpp>

#include <strings.h>

namespace hocket::sqlite {

const Row::Names& Row::keys() const noexcept {
    static const Names none;
    return names_ ? *names_ : none;
}

const Value& Row::operator[](std::size_t column) const {
    if (column >= values_.size()) {
        throw ValueError("there is no column " + std::to_string(column) + ": the row has " +
                         std::to_string(values_.size()));
    }
    return values_[column];
}

std::size_t Row::index_of(std::string_view name) const {
    std::string known;
    for (std::size_t i = 0; i < keys().size(); ++i) {
        const std::string& key = keys()[i];
        if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), key.size()) == 0) {
            return i;
        }
    }
    for (const std::string& key : keys()) {
        known += (known.empty() ? "" : ", ") + key;
    }
    throw ValueError("there is no column '" + std::string(name) + "': the row has " +
                     (known.empty() ? "none" : known));
}

void Row::rethrow(std::size_t column, const std::exception& error) const {
    throw DataError("column '" + keys()[column] + "': " + error.what());
}

} // namespace hocket::sqlite
