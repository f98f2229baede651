#pragma once
/// An SQLite VFS over the default one whose disk can be full, broken, slow, or the last thing a process ever used.

#include <atomic>
#include <string>

namespace menshen::store::testing {

struct FailingDisk {
    std::atomic<int> write_result{0};  ///< Not 0: what each write says (SQLITE_FULL, SQLITE_IOERR).
    std::atomic<int> sync_result{0};   ///< Not 0: what each sync says.
    std::atomic<int> sync_delay_ms{0};
    std::atomic<long> writes_to_live{-1};  ///< The process kills itself in the middle of the write after so many.
    std::atomic<long> writes{0};
    std::atomic<long> syncs{0};
};

/// Of this process; registered at the first call.
[[nodiscard]] FailingDisk& failing_disk();
/// Waits until a sync beyond the `before`th has begun: with a delay, the transaction is then under way.
void wait_for_sync(long before);
/// Its name for Settings::vfs.
[[nodiscard]] std::string failing_disk_name();

}  // namespace menshen::store::testing
