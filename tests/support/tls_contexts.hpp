#pragma once

#include <string>

#include <hocket/ssl_context.hpp>

#include "support/certificates.hpp"

/// An authority, a server with a certificate from it, and clients that trust it.
struct TlsContexts {
    TlsContexts() { show(server, certificates::make_server(authority)); }

    /// The path of a file with `identity`'s certificate and key, and `chain`.
    std::string pem_file(const certificates::Identity& identity,
                         const std::vector<certificates::Identity>& chain = {}) {
        std::string text = certificates::pem_of(identity.certificate);
        for (const auto& link : chain) {
            text += certificates::pem_of(link.certificate);
        }
        return folder.file("identity-" + std::to_string(++files) + ".pem",
                           text + certificates::pem_of(identity.key));
    }
    void show(hocket::SSLContext& context, const certificates::Identity& identity,
              const std::vector<certificates::Identity>& chain = {}) {
        context.load_cert_chain(pem_file(identity, chain));
    }
    [[nodiscard]] std::string authority_pem() const {
        return certificates::pem_of(authority.certificate);
    }

    certificates::Folder folder;
    int files = 0;
    certificates::Identity authority = certificates::make_authority();
    hocket::SSLContext server = hocket::create_default_context(hocket::Purpose::CLIENT_AUTH);
    hocket::SSLContext client =
        hocket::create_default_context(hocket::Purpose::SERVER_AUTH, {.cadata = authority_pem()});
};
