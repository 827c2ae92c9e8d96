// Whether this is a build with the address sanitizer, which needs terabytes of addresses for itself and wants to see every
// allocation. A macro, for whole blocks of code depend on it; gcc and clang say so in different ways.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define BYZSIM_ADDRESS_SANITIZED 1
#elif defined(__has_feature)
#define BYZSIM_ADDRESS_SANITIZED __has_feature(address_sanitizer)
#else
#define BYZSIM_ADDRESS_SANITIZED 0
#endif
