#include "engine/certificate_text.hpp"

#include <ctime>
#include <memory>

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>

namespace hocket::engine {

namespace {

std::string bytes_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string address_text(const ASN1_OCTET_STRING* address) {
    const int size = ASN1_STRING_length(address);
    char text[INET6_ADDRSTRLEN] = "";
    if (size == 4 || size == 16) {
        ::inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text,
                    sizeof text);
    }
    return text;
}

} // namespace

std::string name_text(const X509_NAME* name) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
    // RFC 2253, except that non-ASCII names stay readable.
    constexpr unsigned long flags =
        XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
    if (!text || X509_NAME_print_ex(text.get(), name, 0, flags) < 0) {
        return "(a name that cannot be printed)";
    }
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(text.get(), &bytes);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : "(no name)";
}

std::string time_text(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return "(no date)";
    }
    char text[40];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    return text;
}

std::vector<std::pair<std::string, std::string>> alternative_names(const X509* certificate) {
    std::vector<std::pair<std::string, std::string>> all;
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
        static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
        switch (name->type) {
        case GEN_DNS: all.emplace_back("DNS", bytes_of(name->d.dNSName)); break;
        case GEN_IPADD: all.emplace_back("IP Address", address_text(name->d.iPAddress)); break;
        case GEN_EMAIL: all.emplace_back("email", bytes_of(name->d.rfc822Name)); break;
        case GEN_URI: all.emplace_back("URI", bytes_of(name->d.uniformResourceIdentifier)); break;
        default: break;
        }
    }
    return all;
}

} // namespace hocket::engine
