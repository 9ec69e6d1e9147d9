#pragma once

// 1 if the compiler instruments the code for that sanitizer, 0 otherwise.
#define HOCKET_ADDRESS_SANITIZER 0
#define HOCKET_THREAD_SANITIZER 0
#define HOCKET_MEMORY_SANITIZER 0

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef HOCKET_ADDRESS_SANITIZER
#define HOCKET_ADDRESS_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#undef HOCKET_THREAD_SANITIZER
#define HOCKET_THREAD_SANITIZER 1
#endif
#if __has_feature(memory_sanitizer)
#undef HOCKET_MEMORY_SANITIZER
#define HOCKET_MEMORY_SANITIZER 1
#endif
#else
#if defined(__SANITIZE_ADDRESS__)
#undef HOCKET_ADDRESS_SANITIZER
#define HOCKET_ADDRESS_SANITIZER 1
#endif
#if defined(__SANITIZE_THREAD__)
#undef HOCKET_THREAD_SANITIZER
#define HOCKET_THREAD_SANITIZER 1
#endif
#endif

namespace hocket::detail {

inline constexpr bool thread_sanitized = HOCKET_THREAD_SANITIZER == 1;
inline constexpr bool sanitized =
    HOCKET_ADDRESS_SANITIZER == 1 || thread_sanitized || HOCKET_MEMORY_SANITIZER == 1;

} // namespace hocket::detail
