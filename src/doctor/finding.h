#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/facts.h"

namespace ara::doctor {

/// The guide's sections on trouble, and the one on when to scale.
enum class Section { latency, memory, database, scale };
std::string_view to_string(Section section);

enum class Severity {
  warning,  ///< will hurt, or hurts a little
  error,    ///< hurts now
};
std::string_view to_string(Severity severity);

/// Something that is not as it should be.
struct Finding {
  std::string name;  ///< that of the rule
  Section section = Section::latency;
  Severity severity = Severity::warning;
  std::string subject;   ///< the node, server or table
  std::string evidence;  ///< what was measured
  std::string action;    ///< what to do, one thing
};

/// What a rule says; its name and section are the rule's.
struct Note {
  Severity severity = Severity::warning;
  std::string subject;
  std::string evidence;
  std::string action;
};
using Notes = std::vector<Note>;

/// A row of rules.cpp.
struct Rule {
  std::string_view name;
  Section section;
  std::string_view when;  ///< it finds something, in words
  Notes (*check)(const Facts& facts);
};
std::span<const Rule> rules();

/// What all rules find, errors first, else in the order of the table.
std::vector<Finding> find_all(const Facts& facts);

// rules_nodes.cpp
Notes unreachable_nodes(const Facts& facts);
Notes slow_answers(const Facts& facts);
Notes failed_answers(const Facts& facts);
Notes refused_requests(const Facts& facts);
Notes long_queue(const Facts& facts);
Notes small_cache(const Facts& facts);
Notes ailing_redis(const Facts& facts);
Notes uncovered_slots(const Facts& facts);
Notes late_jobs(const Facts& facts);

// rules_memory.cpp
Notes growing_memory(const Facts& facts);
Notes many_descriptors(const Facts& facts);

// rules_database.cpp
Notes unreachable_database(const Facts& facts);
Notes missing_indexes(const Facts& facts);
Notes invalid_indexes(const Facts& facts);
Notes small_pools(const Facts& facts);
Notes stalled_replicas(const Facts& facts);
Notes slow_statements(const Facts& facts);
Notes open_statements(const Facts& facts);
Notes scanned_tables(const Facts& facts);
Notes failed_queries(const Facts& facts);

// rules_scale.cpp
Notes busy_processors(const Facts& facts);
Notes full_memory(const Facts& facts);
Notes many_requests(const Facts& facts);
Notes many_connections(const Facts& facts);

}  // namespace ara::doctor
