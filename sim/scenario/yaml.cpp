#include "sim/scenario/yaml.hpp"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>

#include "sim/scenario/yaml_text.hpp"

namespace byzsim {

namespace {

/// Thrown from inside yaml-cpp's events, because there is no other way to stop it.
struct Refused {
  Position where;
  std::string message;
  std::string hint;
};

/// Builds the tree from yaml-cpp's events.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::uint32_t source, Diagnostics& errors) : source_(source), errors_(errors) {}

  bool begun() const { return begun_; }
  Position begin() const { return begin_; }
  /// Where the last scalar in quotes begins; nowhere if something follows it.
  Position last_quoted() const { return last_quoted_; }
  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override { begin_ = at(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(Node(at(mark)), anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // yaml-cpp's own tags: "?" for plain, "!" for quoted.
    if (tag != "?" && tag != "!" && !tag.empty()) refuse_tag(mark);
    Node node = tag == "!" ? Node::text(value) : Node::plain(value);
    if (tag != "!" && (value.empty() || value == "~" || value == "null")) node = Node();
    node.position = at(mark);
    last_quoted_ = tag == "!" ? node.position : Position{};
    add(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) throw Refused{at(mark), "an alias stands inside what it refers to", {}};
    const Anchor& target = known->second;
    if (open_.size() + target.depth > kMaxYamlDepth) throw too_deep(at(mark));
    count(target.nodes, at(mark));
    Node copy = target.node;
    copy.position = at(mark);
    place(std::move(copy));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::list(), mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::map(), mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
  };
  struct Anchor {
    Node node;
    std::size_t nodes = 0;
    std::size_t depth = 0;
  };

  Position at(const YAML::Mark& mark) const {
    if (mark.is_null()) return {source_, 0, 0};
    return {source_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
  }
  static Refused too_deep(Position where) {
    return {where, fmt::format("nested more than {} deep", kMaxYamlDepth), {}};
  }
  void refuse_tag(const YAML::Mark& mark) {
    errors_.error(at(mark), "tags (`!...`) are not supported", "write the value without the tag");
  }
  void count(std::size_t nodes, Position where) {
    nodes_ += nodes;
    if (nodes_ > kMaxYamlNodes)
      throw Refused{where, fmt::format("more than {} values, aliases followed", kMaxYamlNodes), {}};
  }
  static std::size_t depth_of(const Node& node) {
    std::size_t deepest = 0;
    for (const Node& item : node.items) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }
  void remember(const Node& node, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    const std::size_t nodes = node.count();
    kept_ += nodes;  // nested anchors each keep a copy
    if (kept_ > kMaxYamlNodes)
      throw Refused{node.position, fmt::format("more than {} values under anchors", kMaxYamlNodes), {}};
    anchors_[anchor] = {node, nodes, depth_of(node)};
  }
  void add(Node node, YAML::anchor_t anchor) {
    begun_ = true;
    count(1, node.position);
    remember(node, anchor);
    place(std::move(node));
  }
  void open(Node node, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    begun_ = true;
    node.position = at(mark);
    if (tag != "?" && tag != "!" && !tag.empty()) refuse_tag(mark);
    count(1, node.position);
    if (open_.size() >= kMaxYamlDepth) throw too_deep(node.position);
    if (!open_.empty() && open_.back().node.is_map() && !open_.back().has_key) refuse_key(node.position);
    open_.push_back({std::move(node), anchor, false});
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    remember(done.node, done.anchor);
    place(std::move(done.node));
  }
  static void refuse_key(Position where) { throw Refused{where, "a key must be a word", {}}; }
  void place(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = open_.back();
    if (top.node.is_list()) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_key) {
      place_key(top, node);
    } else {
      // The mark of an empty value is the next token's: the key is where the user looks.
      if (node.is_null()) node.position = top.node.keys.back().position;
      top.node.items.push_back(std::move(node));
      top.has_key = false;
    }
  }
  void place_key(Open& top, const Node& key) {
    if (!key.is_scalar() || key.scalar.empty()) refuse_key(key.position);
    std::string text = key.scalar;
    if (text == "<<" && !key.quoted) {
      errors_.error(key.position, "merge keys (`<<`) are not supported", "use `extends: FILE`, or write the keys out");
      text = "x-merge";  // and go on, for the sake of further errors
    } else if (const Node* known = top.node.find(text); known != nullptr) {
      const auto index = static_cast<std::size_t>(known - top.node.items.data());
      errors_.error(key.position, fmt::format("key '{}' stands twice", text.substr(0, 60)),
                    fmt::format("first in line {}", top.node.keys[index].position.line));
    }
    if (top.node.keys.size() >= kMaxYamlKeys)
      throw Refused{key.position, fmt::format("more than {} keys in one map", kMaxYamlKeys), {}};
    top.node.keys.push_back({std::move(text), key.position});
    top.has_key = true;
  }

  std::uint32_t source_;
  Diagnostics& errors_;
  Position last_quoted_;
  bool begun_ = false;
  Position begin_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchor> anchors_;
  std::size_t nodes_ = 0;
  std::size_t kept_ = 0;
};

std::string hint_for(const std::string& text, Position where) {
  std::istringstream lines(text);
  std::string line;
  for (std::uint32_t i = 0; i < where.line && std::getline(lines, line); ++i) {
  }
  const std::size_t first = line.find_first_not_of(' ');
  if (first != std::string::npos && line[first] == '\t') return "indent with spaces, not tabs";
  return {};
}

}  // namespace

std::optional<Node> parse_yaml(const std::string& text, std::uint32_t source, Diagnostics& errors) {
  if (!acceptable_text(text, source, errors)) return std::nullopt;
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Builder document(source, errors);
    if (!parser.HandleNextDocument(document) || !document.begun()) return Node(Position{source, 1, 1});
    // Never a third time: yaml-cpp can then loop without end. The first document must have been all there is.
    Builder remainder(source, errors);
    if (parser.HandleNextDocument(remainder)) {
      errors.error(remainder.begin(), "what begins here does not belong to what stands above it",
                   "check the indentation; a file holds one document");
      return std::nullopt;
    }
    if (const Position quoted = document.last_quoted(); quoted.line > 0 && unterminated_quotes(text, quoted)) {
      errors.error(quoted, "the quotes that open here are never closed");
      return std::nullopt;
    }
    return document.take();
  } catch (const Refused& refused) {
    errors.error(refused.where, refused.message, refused.hint);
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    const Position where{source, placed ? static_cast<std::uint32_t>(error.mark.line + 1) : 0,
                         placed ? static_cast<std::uint32_t>(error.mark.column + 1) : 0};
    errors.error(where, fmt::format("not valid YAML: {}", error.msg), hint_for(text, where));
  } catch (const std::bad_alloc&) {  // the machine's fault, not the file's
    throw;
  } catch (const std::exception& error) {  // std::length_error: yaml-cpp's, on adversarial input
    errors.error({source, 0, 0}, fmt::format("not valid YAML: {}", error.what()));
  }
  return std::nullopt;
}

}  // namespace byzsim
