// What a signature covers: whatever is inside, other signatures included.
#include "sim/protocols/pbft_messages.hpp"
#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include "tests/doctest.hpp"

using namespace byzsim;

namespace {

// A NEW-VIEW with everything a NEW-VIEW can hold, four levels deep.
struct Nested {
  KeyRing keys{7, 5};
  Notary notary{keys};
  std::vector<Signer> signers;
  Ref<const pbft::NewView> new_view;

  Nested() {
    for (NodeId id = 0; id < 5; ++id) signers.push_back(keys.issue(id));
    Request request;
    request.client = 4;
    request.number = 1;
    const auto batch = make_ref<const Batch>(std::vector<Ref<const Request>>{sign(4, std::move(request))});
    pbft::PrePrepare proposal;
    proposal.slot = 1;
    proposal.value = batch->digest();
    proposal.batch = batch;
    pbft::Prepare vote;
    vote.slot = 1;
    vote.value = batch->digest();
    pbft::ViewChange change;
    change.view = 1;
    change.prepared.push_back({sign(0, std::move(proposal)), {sign(2, std::move(vote))}});
    pbft::NewView made;
    made.view = 1;
    made.view_changes.push_back(sign(3, std::move(change)));
    new_view = sign(1, std::move(made));
  }
  template <class M>
  Ref<const M> sign(NodeId signer, M message) {
    Ref<M> made = make_ref<M>(std::move(message));
    notary.sign(signers[signer], *made);
    return made;
  }
  std::string text() const {
    std::string out;
    write_json(*new_view, notary, out);
    return out;
  }
  bool genuine(const std::string& text) const {
    return notary.verify(*Draft::read(pbft::NewView::kind_info, Json::parse(text)));
  }
};

}  // namespace

TEST_CASE("a signature covers the signatures of what is nested inside, at every depth") {
  const Nested nested;
  const std::string text = nested.text();
  REQUIRE(nested.genuine(text));
  std::size_t tags = 0;
  for (std::size_t at = text.find("\"tag\":\""); at != std::string::npos; at = text.find("\"tag\":\"", at + 1)) {
    for (const std::size_t digit : {std::size_t{7}, std::size_t{38}}) {
      std::string changed = text;
      changed[at + digit] = changed[at + digit] == '0' ? '1' : '0';
      CAPTURE(changed);
      CHECK_FALSE(nested.genuine(changed));
    }
    ++tags;
  }
  CHECK(tags == 5);  // NEW-VIEW, VIEW-CHANGE, PRE-PREPARE, request, PREPARE
}

TEST_CASE("somebody else's signature cannot be put into what was signed, and nobody is convicted by the result") {
  using namespace byzsim::toy;
  for (const bool swapped : {false, true}) {
    Story story(4, 1, {3});
    Certificate certificate;
    certificate.view = 1;
    certificate.lie = true;  // unjustified, if it is its signer's
    certificate.commits = {story.vote<Commit>(2, 0, 1, Digest{5})};
    const auto genuine = story.sign(1, std::move(certificate));
    Ref<const Message> shown = genuine;
    if (swapped) {
      std::string text;
      write_json(*genuine, story.notary, text);
      Json json = Json::parse(text);
      json["fields"]["commits"][0]["tag"] = std::string(32, '0');
      shown = Ref<const Message>(Draft::read(Certificate::kind_info, json));
    }
    story.witness(*shown, 2);
    CHECK(story.end(EndReason::time).culprits == (swapped ? std::vector<NodeId>{} : std::vector<NodeId>{1}));
  }
}

TEST_CASE("content does not depend on whether somebody has asked for the signature") {
  const Nested nested;
  const Digest before = nested.new_view->content();
  nested.notary.tag(*nested.new_view);
  CHECK(nested.new_view->content() == before);
  CHECK(nested.notary.subject(*nested.new_view) != before);  // which covers more
  CHECK(nested.notary.subject(*nested.new_view) == nested.notary.subject(*nested.new_view));
}
