// TraceWriter: writes every record of a run to a file, one JSON object a line (see columns.hpp for what a line holds).
//
//   TraceWriter writer(path, header, notary);   // path ending in .zst: compressed
//   world.observe(writer);
//   writer.finish(world.run());
//
// The file appears under its name in finish(), whole, or never. Any failure to write is a TraceError, thrown from
// whichever call meets it. The same bytes may go elsewhere than to a file: see TraceSink. A line costs about 40 ns
// plain; with a message, about 10 ns a field on top.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace/header.hpp"
#include "sim/trace/outcome.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

class Notary;

/// Where the bytes of a trace go, in large pieces that need not end where a line does.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void write(std::string_view bytes) = 0;
  /// That was all of it.
  virtual void finish() = 0;
};

class TraceWriter final : public Observer {
 public:
  /// Opens the file and writes the header. `notary` must outlive the writer.
  TraceWriter(const std::string& path, const TraceHeader& header, const Notary& notary);
  TraceWriter(std::unique_ptr<TraceSink> sink, const TraceHeader& header, const Notary& notary);
  ~TraceWriter() override;

  RecordMask wants() const override { return kAllRecords; }
  void on_record(const Record& record) override;
  /// Writes the last line and lets the file appear. Call once, after the run.
  void finish(const Outcome& outcome);
  std::uint64_t lines() const { return lines_; }

 private:
  /// `,"name":` padded to a fixed size, so that copying it is two moves.
  struct Key {
    std::array<char, 16> text{};
    std::uint8_t size = 0;
  };
  struct KindText {
    std::array<Key, 10> keys;
    std::array<char, 32> event{};  // ,"event":"name"
    std::uint8_t event_size = 0;
    std::uint16_t always = 0;
    bool labelled = false;
  };

  char* begin_line(Time time, const KindText& kind);
  void count_up();
  char* put_columns(char* p, const Record& record, const KindText& kind);
  bool shows_message(const Record& record) const;
  void put_message(const Record& record);
  void append(std::string_view bytes);
  void flush();
  bool is_known(std::uint64_t id) const { return id < known_.size() && known_[id]; }

  std::unique_ptr<TraceSink> out_;
  const Notary& notary_;
  std::vector<std::string> kind_names_;
  std::vector<KindText> kinds_;
  std::unique_ptr<char[]> buffer_;
  char* at_ = nullptr;  // end of what is in the buffer
  std::uint64_t lines_ = 0;
  std::array<char, 32> number_text_{};  // {"i":N of the next line, counted up in place
  std::size_t number_size_ = 0;
  Time last_time_ = kNever;
  std::array<char, 32> time_text_{};  // ,"t_ns":N of the last line: many lines share a time
  std::size_t time_size_ = 0;
  std::vector<bool> known_;  // ids of messages that the trace holds in full
  std::string scratch_;
};

}  // namespace byzsim
