// The fuzz targets that make what they try from decisions. Each takes any bytes and either returns or throws Broken (or
// crashes): the reproducer is the bytes. `./dev fuzz` runs them under libFuzzer and sanitizers,
// tests/fuzz/fuzz_test.cpp on a few hundred inputs in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace byzsim::fuzz {

/// A promise that was not kept; the text holds the document that shows it.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Random rules on random messages of a toy protocol with every sort of field: nothing crashes, what was sent is not
/// changed in place, and no genuine signature of an honest node stands on what it never signed.
void rules(const std::uint8_t* data, std::size_t size);
/// Random `--set` over a file that has every section.
void sets(const std::uint8_t* data, std::size_t size);
/// Documents made from the schema and then damaged: what the loader accepts the schema accepts, and what the schema
/// accepts the loader never calls unknown, missing, out of bounds or of the wrong type.
void schema(const std::uint8_t* data, std::size_t size);
/// A whole scenario, run within small bounds: it ends with a verdict, and a second time with the same fingerprint.
void world(const std::uint8_t* data, std::size_t size);

}  // namespace byzsim::fuzz
