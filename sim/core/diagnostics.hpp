// Diagnostics: everything that is wrong with what a user wrote, collected first and printed together.
//
//   attack.yaml:7:12: error: unknown key 'dealy' in network
//     network: {dealy: 10ms}
//               ^ did you mean 'delay'?
//
// Sorted by position; saying the same thing twice about the same place counts once. Keeps at most 200.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/node.hpp"

namespace byzsim {

enum class Severity { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  Position position;
  std::string message;
  std::string hint;  ///< what would be right; may be empty
};

class Diagnostics {
 public:
  /// Makes a file known, so that positions in it print with their line. Returns its number for Position::source.
  std::uint32_t add_source(std::string name, std::string text);

  /// The value where the reader stands (see Scope) counts as unread from here on.
  void error(Position where, std::string message, std::string hint = {});
  void warning(Position where, std::string message, std::string hint = {});

  bool ok() const { return errors_ == 0; }
  std::size_t errors() const { return errors_; }
  std::size_t warnings() const { return warnings_; }
  /// All of them by position, errors and warnings together.
  std::vector<Diagnostic> sorted() const;
  /// `file:line:column`, or the file, or nothing.
  std::string place(Position where) const;
  /// What a terminal shows; ends in a newline unless empty.
  std::string render() const;

  /// Where the reader stands in the tree (`network`, `timeline.2`), for "in ..." in messages.
  class Scope {
   public:
    Scope(Diagnostics& diagnostics, std::string_view key);
    Scope(Diagnostics& diagnostics, std::size_t index);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Diagnostics& diagnostics_;
    std::size_t length_;
  };
  /// Where errors are that give no place of their own, such as those of a value nested deep in a rule.
  class Around {
   public:
    Around(Diagnostics& diagnostics, Position where) : diagnostics_(diagnostics), outer_(diagnostics.around_) {
      diagnostics_.around_ = where;
    }
    ~Around() { diagnostics_.around_ = outer_; }
    Around(const Around&) = delete;
    Around& operator=(const Around&) = delete;

   private:
    Diagnostics& diagnostics_;
    Position outer_;
  };

  const std::string& path() const { return path_; }
  std::string in_path() const { return path_.empty() ? "" : " in " + path_; }  ///< " in network", or nothing at the top

  /// How many values of this tree could not be read, so that only their defaults are known.
  std::size_t unread() const { return unread_.size(); }
  /// Whether the value at `path` (`timeline.2.at`) is one, or anything below it.
  bool unread(std::string_view path) const;
  /// Another tree is read from here on.
  void begin_tree() { unread_.clear(); }

 private:
  struct Source {
    std::string name;
    std::string text;
  };
  void add(Diagnostic diagnostic);

  std::deque<Source> sources_;
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::string path_;
  Position around_;
  std::vector<std::string> unread_;
};

/// The candidate that `word` was probably meant to be, or nothing if none is near.
std::string closest(std::string_view word, const std::vector<std::string>& candidates);
/// "did you mean 'delay'?", or the list of candidates if none is near and they are few, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace byzsim
