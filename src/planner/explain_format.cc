#include "planner/explain_format.h"

#include <vector>

#include "types/json_parser.h"
#include "types/jsonb.h"

namespace phantom::planner {

namespace {

std::string_view BoolText(bool value) { return value ? "true" : "false"; }

class XmlWriter final : public types::JsonHandler {
 public:
  std::string Take() { return std::move(out_); }

  Status Bool(bool value) override { return Scalar(BoolText(value)); }
  Status Number(std::string_view token) override { return Scalar(token); }
  Status String(std::string_view text) override { return Scalar(text); }
  Status Key(std::string_view text) override {
    key_ = text;
    return Status::Ok();
  }
  Status StartArray() override {
    if (open_.empty()) {
      Line("<explain xmlns=\"http://www.postgresql.org/2009/explain\">");
      open_.push_back("explain");
    } else {
      Open(key_);
    }
    lists_.push_back(open_.back());
    return Status::Ok();
  }
  Status EndArray() override {
    lists_.pop_back();
    Close();
    return Status::Ok();
  }
  Status StartObject() override {
    Open(InList() ? (open_.size() == 1 ? "Query" : "Plan") : key_);
    lists_.emplace_back();
    return Status::Ok();
  }
  Status EndObject() override {
    lists_.pop_back();
    Close();
    return Status::Ok();
  }

 private:
  bool InList() const { return !lists_.empty() && !lists_.back().empty(); }

  static std::string Tag(std::string_view name) {
    std::string tag(name);
    for (char& c : tag) {
      if (c == ' ' || c == '/') c = '-';
    }
    return tag;
  }
  void Line(std::string_view text) {
    if (!out_.empty()) out_ += '\n';
    out_.append(open_.size() * 2, ' ').append(text);
  }
  void Open(std::string_view name) {
    const std::string tag = Tag(name);
    Line("<" + tag + ">");
    open_.push_back(tag);
  }
  void Close() {
    const std::string tag = std::move(open_.back());
    open_.pop_back();
    Line("</" + tag + ">");
  }
  Status Scalar(std::string_view text) {
    const std::string tag = InList() ? "Item" : Tag(key_);
    std::string escaped;
    for (const char c : text) {
      switch (c) {
        case '&':
          escaped += "&amp;";
          break;
        case '<':
          escaped += "&lt;";
          break;
        case '>':
          escaped += "&gt;";
          break;
        case '\r':
          escaped += "&#x0d;";
          break;
        default:
          escaped += c;
      }
    }
    Line("<" + tag + ">" + escaped + "</" + tag + ">");
    return Status::Ok();
  }

  std::string out_, key_;
  std::vector<std::string> open_;   // tags
  std::vector<std::string> lists_;  // of each container: a list's tag; empty for an object
};

class YamlWriter final : public types::JsonHandler {
 public:
  std::string Take() { return std::move(out_); }

  Status Bool(bool value) override { return Scalar(std::string(BoolText(value))); }
  Status Number(std::string_view token) override { return Scalar(std::string(token)); }
  Status String(std::string_view text) override {
    std::string quoted;
    types::AppendJsonString(text, quoted);
    return Scalar(quoted);
  }
  Status Key(std::string_view text) override {
    key_ = text;
    return Status::Ok();
  }
  Status StartArray() override {
    if (levels_.empty()) {
      levels_.push_back({true, false});
      return Status::Ok();
    }
    Begin();
    out_ += key_ + ": ";
    levels_.push_back({true, true});
    ++indent_;
    return Status::Ok();
  }
  Status EndArray() override { return End(); }
  Status StartObject() override {
    const bool item = levels_.back().list;
    Begin();
    out_ += item ? "- " : key_ + ": ";
    levels_.push_back({false, !item});
    ++indent_;
    return Status::Ok();
  }
  Status EndObject() override { return End(); }

 private:
  struct Level {
    bool list;
    bool begun;  // the next member begins a line of its own
  };

  void Begin() {
    if (levels_.back().begun) out_.append("\n").append(indent_ * 2, ' ');
    levels_.back().begun = true;
  }
  Status End() {
    levels_.pop_back();
    if (!levels_.empty()) --indent_;
    return Status::Ok();
  }
  Status Scalar(const std::string& text) {
    Begin();
    out_ += (levels_.back().list ? "- " : key_ + ": ") + text;
    return Status::Ok();
  }

  std::string out_, key_;
  std::vector<Level> levels_;
  size_t indent_ = 0;
};

template <typename Writer>
std::string Rewrite(std::string_view json) {
  Writer writer;
  const Status status = types::ParseJson(json, true, writer);
  PHANTOM_CHECK(status.ok());
  return writer.Take();
}

}  // namespace

std::string ExplainAsXml(std::string_view json) { return Rewrite<XmlWriter>(json); }

std::string ExplainAsYaml(std::string_view json) { return Rewrite<YamlWriter>(json); }

}  // namespace phantom::planner
