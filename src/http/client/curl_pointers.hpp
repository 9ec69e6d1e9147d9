#pragma once

#include <memory>

#include <curl/curl.h>

namespace hocket::http::detail {

// Several of libcurl's types are void.
struct CleanUpEasy {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct CleanUpShare {
    void operator()(CURLSH* share) const noexcept { curl_share_cleanup(share); }
};
struct CleanUpList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
struct CleanUpForm {
    void operator()(curl_mime* form) const noexcept { curl_mime_free(form); }
};
using EasyPointer = std::unique_ptr<CURL, CleanUpEasy>;
using SharePointer = std::unique_ptr<CURLSH, CleanUpShare>;
using ListPointer = std::unique_ptr<curl_slist, CleanUpList>;
using FormPointer = std::unique_ptr<curl_mime, CleanUpForm>;

} // namespace hocket::http::detail
