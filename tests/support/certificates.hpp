#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/// Makes certificates for tests: valid ones and all kinds of invalid ones.
namespace certificates {

template <class T, void (*free)(T*)> struct Free {
    void operator()(T* object) const { free(object); }
};
using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

/// A certificate with its key.
struct Identity {
    Key key;
    Certificate certificate;
};

struct Request {
    std::string common_name = "test";
    std::string hosts = {}; ///< In OpenSSL's format: "DNS:a.test, IP:127.0.0.1".
    bool is_authority = false;
    long valid_from = -3600; ///< Seconds from now.
    long valid_until = 86400;
};

inline void require(bool good, const char* what) {
    if (!good) {
        std::fprintf(stderr, "cannot make a certificate: %s\n", what);
        std::abort();
    }
}

inline void extend(X509& certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, &certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION, X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, value.c_str());
}

/// Makes a certificate issued by `issuer`, or a self-signed one.
inline Identity make(const Request& request, const Identity* issuer = nullptr) {
    static long serial = 1;
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const Certificate made(X509_new(), X509_free);
    require(key && made, "no key");
    X509& certificate = *made;
    X509_set_version(&certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(&certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(&certificate), request.valid_from);
    X509_gmtime_adj(X509_getm_notAfter(&certificate), request.valid_until);
    X509_set_pubkey(&certificate, key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(request.common_name.c_str()),
                               -1, -1, 0);
    X509* const signer = issuer != nullptr ? issuer->certificate.get() : &certificate;
    X509_set_issuer_name(&certificate, X509_get_subject_name(signer));
    extend(certificate, signer, NID_subject_key_identifier, "hash");
    extend(certificate, signer, NID_authority_key_identifier, "keyid:always");
    extend(certificate, signer, NID_basic_constraints,
           request.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (request.is_authority) {
        extend(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    if (!request.hosts.empty()) {
        extend(certificate, signer, NID_subject_alt_name, request.hosts);
    }
    require(X509_sign(&certificate, issuer != nullptr ? issuer->key.get() : key.get(),
                      EVP_sha256()) > 0,
            "not signed");
    return {key, made};
}

inline Identity make_authority(const std::string& name = "test authority",
                               const Identity* issuer = nullptr) {
    return make({.common_name = name, .is_authority = true}, issuer);
}

/// A certificate for example.test, localhost, 127.0.0.1 and ::1.
inline Identity make_server(const Identity& authority) {
    return make({.common_name = "example.test",
                 .hosts = "DNS:example.test, DNS:localhost, IP:127.0.0.1, IP:::1"},
                &authority);
}

template <class Write> std::string pem(Write write) {
    const std::unique_ptr<BIO, Free<BIO, BIO_free_all>> out(BIO_new(BIO_s_mem()));
    require(write(out.get()) == 1, "no PEM");
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}
inline std::string pem_of(const Certificate& certificate) {
    return pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); });
}
/// The key, encrypted with `password` unless that is empty.
inline std::string pem_of(const Key& key, const std::string& password = {}) {
    return pem([&](BIO* out) {
        return PEM_write_bio_PrivateKey(out, key.get(),
                                        password.empty() ? nullptr : EVP_aes_256_cbc(),
                                        reinterpret_cast<const unsigned char*>(password.data()),
                                        static_cast<int>(password.size()), nullptr, nullptr);
    });
}

/// A revocation list of `authority` that contains `revoked`.
inline std::string revocation_list(const Identity& authority, const Identity& revoked) {
    const std::unique_ptr<X509_CRL, Free<X509_CRL, X509_CRL_free>> list(X509_CRL_new());
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(authority.certificate.get()));
    const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME, ASN1_TIME_free>> time(
        X509_gmtime_adj(nullptr, -60));
    X509_CRL_set1_lastUpdate(list.get(), time.get());
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked.certificate.get()));
    X509_REVOKED_set_revocationDate(entry, time.get());
    X509_CRL_add0_revoked(list.get(), entry);
    X509_gmtime_adj(time.get(), 86400);
    X509_CRL_set1_nextUpdate(list.get(), time.get());
    require(X509_CRL_sign(list.get(), authority.key.get(), EVP_sha256()) > 0, "not signed");
    return pem([&](BIO* out) { return PEM_write_bio_X509_CRL(out, list.get()); });
}

/// A folder for PEM files, removed by the destructor.
class Folder {
public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "hocket-tls-XXXXXX";
        require(::mkdtemp(name.data()) != nullptr, "no folder");
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    /// Writes `text` to a new file and returns its path.
    std::string file(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
        return path_ / name;
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace certificates
