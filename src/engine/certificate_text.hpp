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
/// The subject alternative names of a certificate, labelled as in Python: ("DNS", "example.test"),
/// ("IP Address", "127.0.0.1"). Kinds other than DNS names, IP addresses, e-mail addresses and URIs
/// are omitted.
[[nodiscard]] std::vector<std::pair<std::string, std::string>>
alternative_names(const X509* certificate);

} // namespace hocket::engine
