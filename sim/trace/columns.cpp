#include "sim/trace/columns.hpp"

#include <initializer_list>

namespace byzsim {

namespace {

struct Named {
  Column column;
  std::string_view name = {};
};

std::array<KindColumns, kRecordKinds> build() {
  std::array<KindColumns, kRecordKinds> table;
  const auto kind = [&](RecordKind which, std::initializer_list<Named> row) {
    KindColumns& entry = table[static_cast<std::size_t>(which)];
    for (const Named& item : row) {
      const auto index = static_cast<std::size_t>(item.column);
      entry.always = static_cast<std::uint16_t>(entry.always | (1u << index));
      if (!item.name.empty()) entry.names[index] = item.name;
    }
  };
  using enum Column;
  // signed_ writes its message, which holds signer, id, view, slot and value.
  kind(RecordKind::signed_, {{node}});
  kind(RecordKind::sent, {{node, "from"}, {id}, {count, "receivers"}, {bytes}});
  kind(RecordKind::delivered, {{node}, {peer, "from"}, {id}});
  kind(RecordKind::dropped, {{node}, {peer, "from"}, {id}, {text, "why"}});
  kind(RecordKind::witnessed, {{node}});
  kind(RecordKind::timer, {{node}, {count, "timer"}});
  kind(RecordKind::view, {{node}, {view}});
  kind(RecordKind::prepared, {{node}, {view}, {slot}, {value}});
  kind(RecordKind::decided, {{node}, {view}, {slot}, {value}, {count, "voters"}});
  kind(RecordKind::adopted, {{node}, {slot}, {value, "state"}});
  kind(RecordKind::applied, {{node}, {peer, "client"}, {id, "request"}, {slot}, {count, "result"}});
  kind(RecordKind::executed, {{node}, {slot}, {value}, {extra, "state"}});
  kind(RecordKind::submitted, {{node}, {id, "request"}, {value}});
  kind(RecordKind::accepted, {{node}, {id, "request"}, {count, "result"}, {bytes, "replies"}});
  kind(RecordKind::crashed, {{node}});
  kind(RecordKind::restarted, {{node}, {count, "state_kept"}});
  kind(RecordKind::network, {{count, "began"}, {text, "what"}});
  kind(RecordKind::beyond, {{node}, {peer, "from"}, {id}, {count, "since_ns"}, {text, "how"}});
  kind(RecordKind::attack, {{node}, {text, "what"}});
  kind(RecordKind::mark, {{node}, {text, "branch"}});
  kind(RecordKind::suspect, {{node}, {peer, "whom"}, {text, "why"}});
  kind(RecordKind::end, {{count, "events"}, {extra, "fingerprint"}, {text, "why"}});
  table[static_cast<std::size_t>(RecordKind::signed_)].labelled = true;
  table[static_cast<std::size_t>(RecordKind::sent)].names[static_cast<std::size_t>(peer)] = "to";
  return table;
}

}  // namespace

const std::array<KindColumns, kRecordKinds>& columns() {
  static const std::array<KindColumns, kRecordKinds> table = build();
  return table;
}

}  // namespace byzsim
