#pragma once

#include <string>
#include <utility>
#include <vector>

#include <openssl/types.h>

namespace hocket::engine {

/// "CN=example.test,O=Example".
[[nodiscard]] std::string name_text(const X509_NAME* name);
/// "2024-01-01 00:00:00 UTC".
[[nodiscard]] std::string time_text(const ASN1_TIME* time);
/// What a certificate is for beside its subject, with Python's words: ("DNS", "example.test"),
/// ("IP Address", "127.0.0.1"). Other kinds than names, addresses, mail and URIs are left out.
[[nodiscard]] std::vector<std::pair<std::string, std::string>>
alternative_names(const X509* certificate);

} // namespace hocket::engine
