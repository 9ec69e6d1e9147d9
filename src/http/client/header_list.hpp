#pragma once

#include <memory>
#include <new>
#include <string>
#include <utility>

#include <curl/curl.h>

#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// Header fields in libcurl's form.
class HeaderList {
public:
    HeaderList() noexcept = default;
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;
    ~HeaderList() { curl_slist_free_all(list_); }

    void add(Headers::Field field) {
        // libcurl drops a field without a value, unless it ends with a semicolon.
        std::string line(field.name);
        if (field.value.empty()) {
            line += ';';
        } else {
            line.append(": ").append(field.value);
        }
        append(line.c_str());
    }
    /// Keeps libcurl from adding a field of its own.
    void omit(const char* name) { append((std::string(name) + ":").c_str()); }

    [[nodiscard]] curl_slist* release() noexcept { return std::exchange(list_, nullptr); }

private:
    void append(const char* line) {
        curl_slist* const longer = curl_slist_append(list_, line);
        if (longer == nullptr) throw std::bad_alloc();
        list_ = longer;
    }

    curl_slist* list_ = nullptr;
};

} // namespace hocket::http::detail
