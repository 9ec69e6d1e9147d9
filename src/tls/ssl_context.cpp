#include <hocket/ssl_context.hpp>

#include <climits>
#include <cstdlib>
#include <memory>
#include <system_error>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <hocket/errors.hpp>

#include "engine/tls_failure.hpp"
#include "tls/ssl_context_state.hpp"

namespace hocket {

namespace {

using detail::throw_ssl_error;

TLSVersion version_of(long native) noexcept {
    return native == TLS1_3_VERSION ? TLSVersion::TLSv1_3 : TLSVersion::TLSv1_2;
}
int native_of(TLSVersion version) noexcept {
    return version == TLSVersion::TLSv1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

int give_password(char* into, int size, int, void* given) noexcept {
    const auto& password = *static_cast<const std::string*>(given);
    if (password.size() > static_cast<std::size_t>(size)) {
        return 0;
    }
    return static_cast<int>(password.copy(into, static_cast<std::size_t>(size)));
}

/// Sets the password callback while a key is read.
class PasswordScope {
public:
    PasswordScope(SSL_CTX* ctx, const std::string& password)
        : ctx_(ctx), before_(SSL_CTX_get_default_passwd_cb(ctx)) {
        SSL_CTX_set_default_passwd_cb(ctx, &give_password);
        SSL_CTX_set_default_passwd_cb_userdata(ctx, const_cast<std::string*>(&password));
    }
    ~PasswordScope() {
        SSL_CTX_set_default_passwd_cb(ctx_, before_);
        SSL_CTX_set_default_passwd_cb_userdata(ctx_, nullptr);
    }
    PasswordScope(const PasswordScope&) = delete;
    PasswordScope& operator=(const PasswordScope&) = delete;

private:
    SSL_CTX* ctx_;
    pem_password_cb* before_;
};

using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;

/// Adds all certificates in `data`, which is PEM or DER.
void add_certificates(X509_STORE* store, const std::string& data) {
    const bool is_pem = data.find("-----BEGIN ") != std::string::npos;
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(data.data(), static_cast<int>(data.size())), &BIO_free);
    int count = 0;
    while (in && BIO_pending(in.get()) > 0) {
        const X509Pointer certificate(is_pem
                                          ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)
                                          : d2i_X509_bio(in.get(), nullptr),
                                      &X509_free);
        if (!certificate) {
            // A PEM file may have other text after its last certificate.
            if (is_pem && count > 0 &&
                ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
                ERR_clear_error();
                return;
            }
            break;
        }
        if (X509_STORE_add_cert(store, certificate.get()) != 1) {
            break;
        }
        ++count;
    }
    if (count == 0 || BIO_pending(in.get()) > 0) {
        if (ERR_peek_error() == 0) {
            throw ValueError("load_verify_locations: cadata contains no certificate");
        }
        throw_ssl_error("load_verify_locations: cadata");
    }
}

} // namespace

SSLContext::SSLContext(Purpose purpose) : state_(detail::SSLContextState::make(purpose)) {}

void SSLContext::load_cert_chain(const std::string& certfile, const std::string& keyfile,
                                 const std::string& password) {
    const PasswordScope scope(state_->ctx(), password);
    const std::string& key = keyfile.empty() ? certfile : keyfile;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(state_->ctx(), certfile.c_str()) != 1) {
        throw_ssl_error("load_cert_chain: the certificate in " + certfile);
    }
    if (SSL_CTX_use_PrivateKey_file(state_->ctx(), key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(state_->ctx()) != 1) {
        throw_ssl_error("load_cert_chain: the private key in " + key);
    }
}

void SSLContext::load_verify_locations(const VerifyLocations& locations) {
    const auto& [cafile, capath, cadata] = locations;
    if (cafile.empty() && capath.empty() && cadata.empty()) {
        throw ValueError("load_verify_locations: cafile, capath and cadata are all empty");
    }
    ERR_clear_error();
    if (!cafile.empty() && SSL_CTX_load_verify_file(state_->ctx(), cafile.c_str()) != 1) {
        throw_ssl_error("load_verify_locations: " + cafile);
    }
    if (!capath.empty() && SSL_CTX_load_verify_dir(state_->ctx(), capath.c_str()) != 1) {
        throw_ssl_error("load_verify_locations: " + capath);
    }
    if (!cadata.empty()) {
        add_certificates(SSL_CTX_get_cert_store(state_->ctx()), cadata);
    }
}

void SSLContext::load_default_certs() {
    ERR_clear_error();
    if (SSL_CTX_set_default_verify_paths(state_->ctx()) != 1) {
        throw_ssl_error("load_default_certs");
    }
    ERR_clear_error(); // errors from locations that do not exist
}

bool SSLContext::check_hostname() const noexcept { return state_->check_hostname; }

void SSLContext::set_check_hostname(bool check) noexcept {
    if (check && verify_mode() == VerifyMode::CERT_NONE) {
        SSL_CTX_set_verify(state_->ctx(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           nullptr);
    }
    state_->check_hostname = check;
}

VerifyMode SSLContext::verify_mode() const noexcept {
    const int mode = SSL_CTX_get_verify_mode(state_->ctx());
    const bool is_client = SSL_CTX_get_ssl_method(state_->ctx()) == TLS_client_method();
    if ((mode & SSL_VERIFY_PEER) == 0) {
        return VerifyMode::CERT_NONE;
    }
    // A server always sends a certificate, so both are the same for a client.
    return is_client || (mode & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) != 0 ? VerifyMode::CERT_REQUIRED
                                                                      : VerifyMode::CERT_OPTIONAL;
}

void SSLContext::set_verify_mode(VerifyMode mode) {
    int native = SSL_VERIFY_NONE;
    switch (mode) {
    case VerifyMode::CERT_NONE:
        if (check_hostname()) {
            throw ValueError("cannot set verify_mode to CERT_NONE when check_hostname is enabled");
        }
        break;
    case VerifyMode::CERT_OPTIONAL: native = SSL_VERIFY_PEER; break;
    case VerifyMode::CERT_REQUIRED:
        native = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        break;
    }
    SSL_CTX_set_verify(state_->ctx(), native, nullptr);
}

unsigned long SSLContext::verify_flags() const noexcept {
    return X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(state_->ctx()));
}

void SSLContext::set_verify_flags(unsigned long flags) noexcept {
    X509_VERIFY_PARAM* const param = SSL_CTX_get0_param(state_->ctx());
    X509_VERIFY_PARAM_clear_flags(param, X509_VERIFY_PARAM_get_flags(param) & ~flags);
    X509_VERIFY_PARAM_set_flags(param, flags);
}

TLSVersion SSLContext::minimum_version() const noexcept {
    return version_of(SSL_CTX_get_min_proto_version(state_->ctx()));
}

void SSLContext::set_minimum_version(TLSVersion version) noexcept {
    SSL_CTX_set_min_proto_version(state_->ctx(), native_of(version));
}

TLSVersion SSLContext::maximum_version() const noexcept {
    const long native = SSL_CTX_get_max_proto_version(state_->ctx());
    return native == 0 ? TLSVersion::TLSv1_3 : version_of(native);
}

void SSLContext::set_maximum_version(TLSVersion version) noexcept {
    SSL_CTX_set_max_proto_version(state_->ctx(), native_of(version));
}

void SSLContext::set_alpn_protocols(const std::vector<std::string>& protocols) {
    std::string wire;
    for (const std::string& protocol : protocols) {
        if (protocol.empty() || protocol.size() > UCHAR_MAX) {
            throw ValueError("set_alpn_protocols: \"" + protocol + "\" has " +
                             std::to_string(protocol.size()) + " bytes; 1 to 255 are allowed");
        }
        wire += static_cast<char>(protocol.size());
        wire += protocol;
    }
    if (SSL_CTX_set_alpn_protos(state_->ctx(), reinterpret_cast<const unsigned char*>(wire.data()),
                                static_cast<unsigned>(wire.size())) != 0) {
        throw_ssl_error("set_alpn_protocols");
    }
    state_->alpn_protocols = std::move(wire);
}

void SSLContext::set_ciphers(const std::string& ciphers) {
    ERR_clear_error();
    if (SSL_CTX_set_cipher_list(state_->ctx(), ciphers.c_str()) != 1) {
        throw_ssl_error("set_ciphers " + ciphers);
    }
}

void SSLContext::set_sni_callback(
    std::function<std::optional<SSLContext>(std::string_view)> callback) {
    state_->sni_callback = std::move(callback);
}

void SSLContext::set_keylog_filename(const std::string& filename) { state_->log_keys_to(filename); }

void SSLContext::set_suppress_ragged_eofs(bool suppress) noexcept {
    if (suppress) {
        SSL_CTX_set_options(state_->ctx(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    } else {
        SSL_CTX_clear_options(state_->ctx(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    }
}

SSLContext create_default_context(Purpose purpose, const VerifyLocations& locations) {
    SSLContext context(purpose);
    context.set_verify_flags(context.verify_flags() | VERIFY_X509_PARTIAL_CHAIN |
                             VERIFY_X509_STRICT);
    if (!locations.cafile.empty() || !locations.capath.empty() || !locations.cadata.empty()) {
        context.load_verify_locations(locations);
    } else if (context.verify_mode() != VerifyMode::CERT_NONE) {
        context.load_default_certs();
    }
    if (const char* const keylog = std::getenv("SSLKEYLOGFILE"); keylog != nullptr) {
        context.set_keylog_filename(keylog);
    }
    return context;
}

} // namespace hocket
