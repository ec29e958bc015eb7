#pragma once

#include "storage/postgres_connection.h"

namespace ara::storage {

/// Makes the tables, or adds what is missing, in one transaction under a lock of the database: of
/// several processes that begin at once one does it and the others wait. Code::corrupt for a
/// database that a newer ARA, or another line of it, has made.
Result<void> migrate(PgConnection& connection, const PgPlace& place);

/// Makes all tables as migrate() does, without a record of it: within a transaction of the caller,
/// where its search_path leads.
Result<void> make_tables(PgConnection& connection);

}  // namespace ara::storage
