#pragma once
/// What goes into the store and comes out of it. Plain values; they move between threads.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/id.hpp"
#include "core/record.hpp"
#include "core/roster.hpp"
#include "core/time.hpp"
#include "core/wiped.hpp"

namespace menshen::store {

/// An alert as it now stands, for one recipient. Sealed in the database: it may carry names.
struct AlertRow {
    AlertId alert;
    RecipientId to;
    std::string payload;    ///< JSON, as it is to be published.
    bool open = true;       ///< False: once delivered, the retained message is to be cleared.
    std::uint64_t n = 0;    ///< Place in the alert lane, from 1; given by the store.
    WallTime changed_at{};  ///< Of the last record of the batch that brought it, when it has one; given by the store.
};

/// One face of a person, as the pipeline `model` sees it. Sealed in the database.
struct FaceTemplateRow {
    PersonId person;
    std::string model;  ///< Templates of different models are never compared.
    WipedFloats values;
};

/// An anonymous identity given to a face that matches nobody. Sealed in the database but for the id.
struct StrangerRow {
    StrangerId id;
    std::string model;
    WipedFloats centroid;
    std::uint32_t sightings = 0;  ///< Walk-ups that went into the centroid.
    WallTime first_seen{};
    WallTime last_seen{};
    std::string label;  ///< "courier"; empty: none.
    std::optional<WallTime> label_until;
};

struct PutHousehold {
    Household household;
};
/// A household it names must exist.
struct PutPerson {
    Person person;
};
/// With cards, face consent and templates.
struct RemovePerson {
    PersonId id;
};
/// Replaces the card with this id; its person must exist, and no other card may have its number.
struct PutCard {
    Card card;           ///< `index` may be left empty when `number` is given.
    std::string number;  ///< CardNumber::text(). Empty: as held (a change of state or validity).
};
struct RemoveCard {
    CardId id;
};
/// Consent and all templates of a person; they replace what was held.
struct PutFace {
    FaceConsent consent;  ///< `templates` is set by the store.
    std::vector<FaceTemplateRow> templates;
};
/// Consent withdrawn: the templates are gone with the commit.
struct RemoveFace {
    PersonId person;
};
/// Sets a tag, or gives one that is held another end. Of the gate when `person` is none, else the person must exist.
struct PutTag {
    PersonId person;
    std::string tag;
    std::optional<WallTime> until{};
};
/// Refused when it is not held; with `ended`, also when it has another end by now: whoever ends a tag must not take away one that
/// was just renewed.
struct RemoveTag {
    PersonId person;
    std::string tag;
    std::optional<WallTime> ended{};
};
/// The operator has read the notice of a model whose origin is not disclosed, and uses it all the same.
struct AcceptModel {
    std::string model;   ///< The manifest's name.
    std::string notice;  ///< sha256 of the notice, in hex: another text has to be accepted anew.
    std::string by;
};
using RosterChange =
    std::variant<PutHousehold, PutPerson, RemovePerson, PutCard, RemoveCard, PutFace, RemoveFace, PutTag, RemoveTag, AcceptModel>;

struct PutStranger {
    StrangerRow stranger;
};
struct RemoveStranger {
    StrangerId id;
};
/// A stranger's label, kept with the identity; empty: none. Refused when the stranger is gone, or when `ended` is given and the
/// label has another end by now.
struct LabelStranger {
    StrangerId id;
    std::string label;
    std::optional<WallTime> until{};
    std::optional<WallTime> ended{};
};
using StrangerChange = std::variant<PutStranger, RemoveStranger, LabelStranger>;

/// Rule state at a place in the journal; `bytes` are the rule engine's own. Sealed in the database.
struct Checkpoint {
    std::string epoch;
    std::uint64_t seq = 0;  ///< Every record up to and with this one is in it.
    std::string rules_hash;
    std::string bytes;
};

/// The last sign of life of the run before.
struct Alive {
    Stamp at;
    bool wall_is_trusted = true;
    MonoTime mono;
    std::uint32_t boot = 0;
};

/// A record as stored and published.
struct StoredRecord {
    std::uint64_t seq = 0;
    std::string payload;  ///< Canonical bytes.
};

/// The end of the chain and what waits for the platform.
struct Head {
    std::string epoch;
    std::uint64_t seq = 0;              ///< Of the last committed record; 0: none yet.
    std::string link;                   ///< Its chain link, 64 hex digits.
    std::uint64_t alert_n = 0;          ///< Last number given in the alert lane.
    std::uint64_t confirmed_seq = 0;    ///< Records up to here are delivered (or made room).
    std::uint64_t first_record = 1;     ///< Lowest one in the records lane; one above `seq` when it is empty. It may lie below
                                        ///< `confirmed_seq`: alert and gap records stay when plain ones make room.
    std::uint64_t first_alert = 1;      ///< Lowest number in the alert lane; one above `alert_n` when it is empty.
    std::uint64_t waiting_records = 0;  ///< Rows in the records lane.
    std::uint64_t waiting_alerts = 0;   ///< Rows in the alert lane.
    std::uint64_t waiting_bytes = 0;    ///< Payload bytes of both lanes.
};

/// What a walk along the chain found.
struct Audit {
    struct Break {
        std::uint64_t seq = 0;
        std::string reason;  ///< "record 17 was changed: its link does not fit its bytes"
    };
    struct Erased {
        std::uint64_t from = 0;
        std::uint64_t to = 0;
        std::uint64_t by = 0;  ///< The record that tells of it.
    };
    std::uint64_t checked = 0;
    std::uint64_t last_seq = 0;
    std::string last_link;
    std::vector<Erased> erased;        ///< Ranges, in order; at most 10,000.
    std::optional<Break> first_break;  ///< Nothing: the chain is whole.
};

}  // namespace menshen::store
